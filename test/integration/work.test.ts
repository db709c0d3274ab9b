import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/core/record.js';
import { recordFaults } from '../unit/sinks/schema.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { makeScene, onTwoServers } from './scene.js';

const scene = makeScene(() => onTwoServers(['a', 'b', 'c', 'd', 'e']));
beforeEach(() => mkdirSync(join(scene.here, 'state')));

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}, options: Partial<CliOptions> = {}) =>
  scene.run(args, {
    env: { ...scene.fleet.env, XDG_STATE_HOME: join(scene.here, 'state'), ...env },
    ...options,
  });
const inventory = (text: string): readonly string[] => {
  writeFileSync(join(scene.here, 'hosts.ini'), text);
  return ['--hostfile', 'hosts.ini'];
};
const said = (result: Awaited<ReturnType<typeof run>>): (readonly [string, string])[] =>
  parseRun(result).results.map(({ host, stdout }) => [host, stdout.trimEnd()]);

describe('a command of its own for each host', () => {
  test('the first example: each host its share', async () => {
    const script = join(scene.here, 'compute');
    writeFileSync(script, '#!/bin/sh\necho computing $1\n', { mode: 0o755 });
    const result = await run([
      '-H',
      'a,b',
      'exec',
      '--cwd',
      scene.here,
      '--split',
      '1-60',
      './compute {range}',
    ]);
    expect(result.out.split('\n').sort()).toEqual(['', 'a: computing 1-30', 'b: computing 31-60']);
    expect(result.err).toMatch(/^pssh-ts: 2 hosts ok in /);
  });

  test('inventory variables, quoted; raw; and what is no placeholder', async () => {
    const hosts = inventory(`a disk="it's; echo $HOME" opts="1 2"\nb disk=/dev/sdb opts=3\n`);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's braces
    const command = 'printf "%s|" {host} {index} {count} {disk} {=opts} "${PWD%%/*}" {print}';
    const result = await run([...hosts, 'exec', '--template', '--json', command]);
    expect(said(result)).toEqual([
      ['a', "a|0|2|it's; echo $HOME|1|2||{print}|"],
      ['b', 'b|1|2|/dev/sdb|3||{print}|'],
    ]);
    expect(parseRun(result).command).toBe(command);
    expect(parseRun(result).results[1]?.command).toContain('b 1 2 /dev/sdb 3');
  });

  test('without --template braces are the command’s', async () => {
    expect(said(await run(['-H', 'a', 'exec', '--json', 'echo {host}']))).toEqual([['a', '{host}']]);
  });

  test('--argv fills words, then quotes them', async () => {
    const hosts = inventory('a v="x  y"\n');
    const result = await run([
      ...hosts,
      'exec',
      '--template',
      '--argv',
      '--json',
      '--',
      'echo',
      '<{v}>',
      '$HOME',
    ]);
    expect(said(result)).toEqual([['a', '<x  y> $HOME']]);
  });

  test('--dry-run prints each host’s own', async () => {
    const result = await run([
      '-H',
      'a,b,c',
      'exec',
      '--split',
      '1-2',
      '--dry-run',
      'do {from} {to} on {host}',
    ]);
    expect(result.code).toBe(0);
    expect(result.out).toMatch(/^a: \[ssh .*\] do 1 1 on a\nb: \[ssh .*\] do 2 2 on b\nc: skipped: .*\n$/);
  });

  test('hosts without a share are skipped, are told of, and are no failure', async () => {
    const result = await run(['-H', 'a,b,c,d', 'exec', '--split', '1-2', '--json', 'echo {range}']);
    expect(result.code).toBe(0);
    expect(result.err).toContain('pssh-ts: --split 1-2: no number is left for c,d; skipped\n');
    expect(result.err).toContain('2 of 4 hosts ok, 2 left out in');
    expect(parseRun(result).results[2]).toMatchObject({ status: 'skipped', skippedBy: 'plan' });
    expect(parseRun(result).summary).toMatchObject({ total: 4, ok: 2, skipped: 2 });
  });

  test('--weights, a list or a variable', async () => {
    const list = await run([
      '-H',
      'a,b',
      'exec',
      '--split',
      '1-10',
      '--weights',
      '1,4',
      '--json',
      'echo {range}',
    ]);
    expect(said(list)).toEqual([
      ['a', '1-2'],
      ['b', '3-10'],
    ]);
    const hosts = inventory('a cores=3\nb cores=1\n');
    const args = ['exec', '--split', '1-4', '--weights', 'cores', '--json', 'echo {range}'];
    expect(said(await run([...hosts, ...args]))).toEqual([
      ['a', '1-3'],
      ['b', '4-4'],
    ]);
  });

  test('--fetch, put and get know the share', async () => {
    const fetch = `${scene.here}/out-{host}-{range}:got`;
    const command = `echo {range} > ${scene.here}/out-{host}-{range}`;
    const ran = await run(['-H', 'a,b', 'exec', '--split', '1-4', '--fetch', fetch, command]);
    expect(ran.code).toBe(0);
    expect(readFileSync(join(scene.here, 'got/b/out-b-3-4'), 'utf8')).toBe('3-4\n');
    const get = await run([
      '-H',
      'a,b',
      'get',
      '--split',
      '1-4',
      `${scene.here}/out-{host}-{range}`,
      'again',
    ]);
    expect(get.code).toBe(0);
    expect(existsSync(join(scene.here, 'again/a/out-a-1-2'))).toBe(true);
    const put = ['put', '--split', '1-4', `${scene.here}/out-{host}-{range}`, `${scene.here}/in-{host}`];
    expect((await run(['-H', 'a,b,c', ...put, '--weights', '1,1,0'])).code).toBe(0);
    expect(readFileSync(join(scene.here, 'in-b'), 'utf8')).toBe('3-4\n');
    expect(existsSync(join(scene.here, 'in-c'))).toBe(false);
  });

  test.each([
    [['--split', '1'], /"1" is no range/],
    [['--weights', '1,1'], /--weights is about --split/],
    [['--split', '1-9', '--weights', '1'], /has 1 for 2 hosts/],
    [['--template', '-c', 'echo {user}'], /a is given none, so that ssh decides it; write it as -l NAME/],
  ])('%j is refused', async (args, reason) => {
    const words = args.includes('-c') ? [] : ['true'];
    const result = await run(['-H', 'a,b', 'exec', ...args, ...words]);
    expect([result.code, result.out]).toEqual([2, '']);
    expect(result.err).toMatch(reason);
    expect(result.err.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a slip is told, and the text stays', async () => {
    const result = await run(['-H', 'a', 'exec', '--template', '--json', 'echo {hots} {range}']);
    expect(result.err).toContain('{range} stays as it is; --split gives it a value');
    const other = await run([
      '-l',
      'root',
      '-H',
      'a',
      'exec',
      '--template',
      '--dry-run',
      'echo {hots} {user}',
    ]);
    expect(other.err).toContain('{hots} stays as it is; did you mean {host}?');
    expect(other.out).toContain('echo {hots} root');
  });
});

describe('rerun', () => {
  const first = (more: readonly string[], command: string, hosts = 'a,b,c,d,dead1') =>
    run(['-H', hosts, 'exec', ...more, command]);
  const hostsOf = (result: Awaited<ReturnType<typeof run>>): string[] =>
    parseRun(result).results.map(({ host }) => host);

  test('failed, unreachable, all; each with the part that was its own; nothing to do is 0', async () => {
    const command = `echo {range} $PSSH_NODENUM/$PSSH_NUMNODES; test -e ${scene.here}/go || test {host} != c`;
    expect((await first(['--split', '1-10', '-u', '50'], command)).code).toBe(4);
    const args = ['rerun', 'unreachable', '--from', 'last', '--no-record', '--json'];
    const unreached = await run(args);
    expect([hostsOf(unreached), unreached.code]).toEqual([['dead1'], 4]);
    const all = await run(['rerun', 'all', '--no-record', '--json']);
    expect(hostsOf(all)).toEqual(['a', 'b', 'c', 'd', 'dead1']);
    const failed = await run(['rerun', '--json', '--no-record']);
    expect(hostsOf(failed)).toEqual(['c', 'dead1']);
    expect(failed.err).toMatch(/^pssh-ts: 2 of 5 hosts of run \d{8}-/);
    expect(said(failed)[0]).toEqual(['c', '5-6 2/5']);
    writeFileSync(join(scene.here, 'go'), '');
    const dry = await run(['rerun', 'failed', '--dry-run']);
    expect(dry.err).toContain('2 hosts, fanout 32, at most 50s each');
    expect(dry.out).toContain('echo 5-6 $PSSH_NODENUM');
    const only = await run(['-H', 'c', 'exec', 'true']);
    expect(only.code).toBe(0);
    const nothing = await run(['rerun']);
    expect([nothing.code, nothing.out]).toEqual([0, '']);
    expect(nothing.err).toMatch(/^pssh-ts: nothing to do: 0 of 1 hosts of run /);
  });

  test('a rerun is recorded itself, and can be done again: the part stays the host’s', async () => {
    const command = 'echo {range} $PSSH_NODENUM; exit 3';
    await first(['--split', '1-10', '--max-fail', '1', '-f', '1'], command, 'a,b,c,d,e');
    const once = await run(['rerun', '--keep-going', '--json']);
    expect(once.code).toBe(5);
    expect(hostsOf(once)).toEqual(['a', 'b', 'c', 'd', 'e']);
    const twice = await run(['rerun', '--json', '--max-fail', '0', '-f', '1']);
    expect(said(twice)[0]).toEqual(['a', '1-2 0']);
    const record = JSON.parse((await run(['runs', 'show', '--json'])).out) as RunRecord;
    expect(recordFaults(record)).toBe('');
    expect(record.hosts[4]).toMatchObject({ index: 4, values: { range: '9-10' } });
    expect(record.count).toBe(5);
  });

  test('hosts that were not begun are failed, those that were left out are not meant', async () => {
    await first(['--serial', '1', '--split', '1-3'], 'echo {range}; test {host} != b', 'a,b,c,d');
    expect(hostsOf(await run(['rerun', '--json', '--no-record', '--keep-going']))).toEqual(['b', 'c']);
    expect(hostsOf(await run(['rerun', 'all', '--json', '--keep-going']))).toEqual(['a', 'b', 'c']);
  });

  test('options of then, and over them those of now', async () => {
    await first(['--env', 'A=1', '--env', 'B=2', '--cwd', '/', '-u', '3'], 'echo $A$B; pwd; exit 1', 'a');
    const refused = await run(['rerun']);
    expect([refused.code, refused.err]).toEqual([
      2,
      'pssh-ts: the value of "A" is not kept in records; write --env A=VALUE again\n',
    ]);
    const again = await run(['rerun', '--env', 'A=x', '--json', '-v'], { B: 'y' });
    expect(said(again)).toEqual([['a', 'xy\n/']]);
    expect(said(await run(['rerun', '--env', 'A=1', '--env', 'B=2', '--cwd', scene.here, '--json']))).toEqual(
      [['a', `12\n${scene.here}`]],
    );
  });

  test('the run’s own options go over defaults of now; input is given again', async () => {
    await run(['-H', 'a', 'exec', '-I', '-u', '77', 'cat; exit 1'], {}, { input: 'first' });
    const again = await run(['rerun', '--json'], { PSSH_TS_TIMEOUT: '1' }, { input: 'second' });
    expect(said(again)).toEqual([['a', 'second']]);
    expect((await run(['rerun', '--dry-run'], { PSSH_TS_TIMEOUT: '1' })).err).toContain('at most 77s each');
  });

  test('names of files are meant from the folder of then', async () => {
    mkdirSync(join(scene.here, 'else'));
    const env = { ...scene.fleet.env, XDG_STATE_HOME: join(scene.here, 'state') };
    writeFileSync(join(scene.here, 'config'), readFileSync(scene.fleet.configPath));
    const fetch = `${scene.here}/out:got`;
    writeFileSync(join(scene.here, 'out'), 'x');
    writeFileSync(join(scene.here, 'keys'), readFileSync(join(scene.fleet.dir, 'known_hosts')));
    const args = ['-F', 'config', '--known-hosts', 'keys', '-H', 'a', 'exec', '--fetch', fetch, 'true'];
    expect((await runCli(args, { env, cwd: scene.here })).code).toBe(0);
    expect((await runCli(['rerun', 'all'], { env, cwd: join(scene.here, 'else') })).code).toBe(0);
    expect(existsSync(join(scene.here, 'else', 'got'))).toBe(false);
  });

  test.each([
    [['rerun', 'faild'], /"faild" says no hosts; did you mean failed\?/],
    [['-H', 'a', 'rerun'], /takes its hosts from the record/],
    [['rerun', '--from', '1999'], /"1999" names no run/],
    [['rerun', '-c', 'id'], /unknown option '-c'/],
  ])('%j is refused', async (args, reason) => {
    await first([], 'false', 'a');
    const result = await run(args);
    expect(result.code).toBe(2);
    expect(result.err).toMatch(reason);
  });

  test('a put is not done again; the refusal has the hosts', async () => {
    writeFileSync(join(scene.here, 'x'), 'x');
    await run(['-H', 'a,dead1', 'put', 'x', `${scene.here}/y`]);
    const result = await run(['rerun']);
    expect(result.code).toBe(2);
    expect(result.err).toMatch(/is a put, .*; for those that failed write -H dead1\n$/);
  });
});
