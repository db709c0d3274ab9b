import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { sessionProcesses } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';
import { sessionTable } from './session-table.js';

let fleet: Fleet;
let here: string;
let temp: string;
let scenes = 0;

beforeAll(async () => {
  fleet = await startFleet({ hosts: 2 });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
beforeEach(() => {
  scenes += 1;
  here = join(fleet.dir, `script${scenes}`);
  // Where the hosts keep what is sent to them.
  temp = join(here, 'temp');
  mkdirSync(temp, { recursive: true });
});

const write = (name: string, lines: readonly string[]): string => {
  writeFileSync(join(here, name), `${lines.join('\n')}\n`);
  return name;
};
const run = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', fleet.configPath, '-H', 'node1,node2', 'exec', '--env', `TMPDIR=${temp}`, ...args], {
    env: { ...fleet.env, XDG_STATE_HOME: join(here, 'state') },
    cwd: here,
    ...options,
  });

describe.each([['--transport', 'mux'], ['--transport', 'process'], ['--no-mux']])(
  'over %s %s',
  (...transport) => {
    const given = transport.filter((word) => word !== undefined);

    test('runs on each host by its first line, with its arguments, and nothing is left', async () => {
      const file = write('tell.awk', [
        '#!/usr/bin/awk -f',
        'BEGIN { printf "%s|%s|%s\\n", ENVIRON["PSSH_HOST"], ARGV[1], ARGV[2]; exit 3 }',
      ]);
      const result = await run([...given, '--script', file, '--json', '--', 'a b', '$HOME']);
      expect(parseRun(result).results.map(({ stdout, exitCode }) => [stdout, exitCode])).toEqual([
        ['node1|a b|$HOME\n', 3],
        ['node2|a b|$HOME\n', 3],
      ]);
      expect(parseRun(result).command).toBe('tell.awk "a b" "$HOME"');
      expect(readdirSync(temp)).toEqual([]);
    });

    test('one that is given up is ended and removed, also if it does not heed the TERM', async () => {
      const file = write('stay', ['trap "" TERM', 'echo $$ $0', 'while :; do sleep 1; done']);
      const args = [...given, '-u', '1', '--kill-grace', '1', '--script', file, '--json'];
      const result = await run(args);
      expect(result.code).toBe(3);
      for (const { status, killed, stdout } of parseRun(result).results) {
        expect([status, killed]).toEqual(['timed-out', 'confirmed']);
        const [pid = '', name = ''] = stdout.trim().split(' ');
        expect((await sessionTable()).filter((line) => line.pid === Number(pid))).toEqual([]);
        expect(name).toMatch(/\/temp\/\.pssh-ts-script\.\d+\.[0-9a-f]{12}\/stay$/);
      }
      expect(readdirSync(temp)).toEqual([]);
    });
  },
);

describe('--script', () => {
  test('is removed on the hosts when pssh-ts itself is killed', async () => {
    const file = write('stay', [`echo up > ${here}/up-$PSSH_HOST`, 'exec sleep 600']);
    let pid = 0;
    const running = run(['--script', file], { onStart: (id) => (pid = id) });
    await until(() => ['node1', 'node2'].every((name) => existsSync(join(here, `up-${name}`))), {
      deadlineMs: 30_000,
      what: 'both scripts',
    });
    expect(readdirSync(temp)).toHaveLength(2);
    await seeLeashes(2, () => sessionProcesses(fleet.dir));
    process.kill(pid, 'SIGKILL');
    await running;
    await until(() => readdirSync(temp).length === 0, { deadlineMs: 30_000, what: 'the end of both' });
  });

  test('what a KILL of everything left, the next one takes away; not what another still uses', async () => {
    // No process has a number so large.
    mkdirSync(join(temp, '.pssh-ts-script.999999999.abc'));
    mkdirSync(join(temp, `.pssh-ts-script.${process.pid}.abc`));
    mkdirSync(join(temp, '.pssh-ts-script.mine'));
    expect((await run(['--script', write('ok', ['true'])])).code).toBe(0);
    expect(readdirSync(temp).sort()).toEqual([`.pssh-ts-script.${process.pid}.abc`, '.pssh-ts-script.mine']);
  });

  test('a program that is no text is started by the system', async () => {
    copyFileSync('/bin/echo', join(here, 'binary'));
    expect((await run(['--script', 'binary', 'said'])).out.split('\n').sort()).toEqual([
      '',
      'node1: said',
      'node2: said',
    ]);
  });

  test('a large one comes whole', async () => {
    const lines = Array.from({ length: 60_000 }, (_, place) => `# line ${place} of a long script`);
    const file = write('large', ['n=0', ...lines, 'echo all', 'wc -c < "$0"']);
    const size = readFileSync(join(here, 'large')).length;
    const result = await run(['--script', file, '-b']);
    expect(result.out).toContain(`all\n${size}\n`);
    expect(size).toBeGreaterThan(1_500_000);
  });

  test('its arguments are templates with --template; --dry-run shows them; rerun sends it again', async () => {
    const file = write('show.sh', ['echo "$@"; test $PSSH_HOST != node2']);
    const args = ['--split', '1-10', '--script', file, '--', '{host} {range}', '{{.State}}'];
    expect((await run(['--dry-run', ...args])).out).toMatch(/\] show\.sh "node2 6-10" "\{\{\.State\}\}"\n$/);
    const result = await run(['--json', ...args]);
    expect(parseRun(result).results.map(({ stdout }) => stdout)).toEqual([
      'node1 1-5 {{.State}}\n',
      'node2 6-10 {{.State}}\n',
    ]);
    const again = await runCli(['rerun', '--env', `TMPDIR=${temp}`, '--json'], {
      env: { ...fleet.env, XDG_STATE_HOME: join(here, 'state') },
      cwd: temp,
    });
    expect(parseRun(again).results.map(({ stdout }) => stdout)).toEqual(['node2 6-10 {{.State}}\n']);
  });

  test.each<[readonly string[], string | null, RegExp]>([
    [['--script', 'none'], null, /--script: "none" can't be read: no such file/],
    [['--script', 'x', '-I'], 'true\n', /has no place beside it/],
    [['--script', 'x', '--tty'], 'true\n', /which a terminal would change/],
    [['--script', 'x', '-c', 'id'], 'true\n', /two things to run/],
    [['--script', 'x'], '', /"x" is empty/],
    [['--script', 'x'], '#!/bin/sh\r\ntrue\r\n', /carriage return; save it with Unix line ends/],
    [['--script', 'x'], '\ufeff#!/bin/sh\n', /byte order mark/],
    [['--script', 'x'], '#!\n', /no program behind #!/],
  ])('%j of %j is refused', async (args, text, reason) => {
    if (text !== null) writeFileSync(join(here, 'x'), text);
    const result = await run(args);
    expect(result.code).toBe(2);
    expect(result.err).toMatch(reason);
  });
});
