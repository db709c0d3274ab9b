import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { junitFaults } from '../unit/sinks/junit-schema.js';
import { runFaults } from '../unit/sinks/schema.js';
import { parseRun, type RunDocument } from './cli.js';
import { makeScene, onTwoServers } from './scene.js';

const NODES = Array.from({ length: 10 }, (_, place) => `node${place + 1}`);
const HOSTS = [...NODES, 'dead1'];

const scene = makeScene(() => onTwoServers(NODES));
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  scene.run(args, { env: { ...scene.fleet.env, ...env } });
const SHARDS = [1, 2, 3, 4];

/** What two runs of one plan have in common: all but the times, the logins and what the network's failure was called. */
const essence = ({ exitCode, command, summary, results }: RunDocument) => ({
  exitCode,
  command,
  summary,
  results: results.map(
    ({ host, index, step, command: own, status, exitCode: code, stdout, stderr, error }) => ({
      ...{ host, index, step, own, status, code, stdout, stderr, error: error?.code },
    }),
  ),
});

describe('four shards at once', () => {
  test('merged are the unsharded run: JSON, JUnit, HTML, exit code', async () => {
    const command = [
      ...['--split', '1-100', '--json'],
      'echo {range} {index} $PSSH_NODENUM/$PSSH_NUMNODES; test {host} != node3',
    ];
    const whole = await run(['-H', HOSTS.join(','), 'exec', ...command]);
    expect(whole.code).toBe(4);
    const shards = await Promise.all(
      SHARDS.map((shard) => run(['-H', HOSTS.join(','), 'exec', '--shard', `${shard}/4`, ...command])),
    );
    const sizes = shards.map((shard) => parseRun(shard).results.length);
    expect([...sizes].sort()).toEqual([2, 3, 3, 3]);
    for (const [place, shard] of shards.entries()) {
      expect(runFaults(parseRun(shard))).toBe('');
      expect(shard.err).toContain(`pssh-ts: shard ${place + 1} of 4: ${sizes[place]} of 11 hosts\n`);
      writeFileSync(join(scene.here, `${place + 1}.json`), shard.stdout);
    }
    const files = ['3.json', '1.json', '4.json', '2.json'];
    const merged = await run([
      'report',
      'merge',
      '--json',
      '--junit',
      'j.xml',
      '--report',
      'r.html',
      ...files,
    ]);
    expect(merged.code).toBe(whole.code);
    expect(runFaults(parseRun(merged))).toBe('');
    expect(essence(parseRun(merged))).toEqual(essence(parseRun(whole)));
    const junit = readFileSync(join(scene.here, 'j.xml'), 'utf8');
    expect(await junitFaults(junit)).toEqual([]);
    expect(junit).toContain('tests="11" failures="1" errors="1"');
    expect(readFileSync(join(scene.here, 'r.html'), 'utf8')).toContain('node10');
    expect(merged.err).toMatch(/^pssh-ts: 2 of 11 hosts failed in /m);
    expect(merged.err).toMatch(/failed: node3: exit status 1/);
    expect(readdirSync(scene.here).sort()).toEqual([
      '1.json',
      '2.json',
      '3.json',
      '4.json',
      'j.xml',
      'r.html',
    ]);
  });

  test('are the same whatever the order of the list, by number or by the engine that runs them', async () => {
    const hostsOf = async (args: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> => {
      const result = await run([...args, 'exec', '--shard', 'auto', '--dry-run', 'id'], env);
      return result.out
        .split('\n')
        .flatMap((line) => (line === '' ? [] : (line.split(':')[0] ?? '')))
        .sort();
    };
    const parts = await Promise.all(
      SHARDS.map(async (shard) => {
        const hosts = shard % 2 === 0 ? HOSTS : [...HOSTS].reverse();
        const gitlab = { CI_NODE_INDEX: `${shard}`, CI_NODE_TOTAL: '4' };
        const slurm = {
          ...{ SLURM_ARRAY_TASK_ID: `${shard - 1}`, SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '0' },
        };
        const one = await hostsOf(['-H', hosts.join(',')], gitlab);
        expect(await hostsOf(['-H', HOSTS.join(',')], slurm)).toEqual(one);
        return one;
      }),
    );
    expect(parts.flat().sort()).toEqual([...HOSTS].sort());
  });

  test('put and get take their share', async () => {
    writeFileSync(join(scene.here, 'x'), 'x');
    const put = ['put', 'x', `${scene.here}/on-{host}`];
    await Promise.all(
      SHARDS.map(async (shard) =>
        expect((await run(['-H', NODES.join(','), ...put, '--shard', `${shard}/4`])).code).toBe(0),
      ),
    );
    expect(readdirSync(scene.here).filter((name) => name.startsWith('on-'))).toHaveLength(10);
    const get = await run(['-H', NODES.join(','), 'get', '--shard', '2/4', `${scene.here}/on-{host}`, 'got']);
    expect(get.code).toBe(0);
    expect(readdirSync(join(scene.here, 'got')).length).toBeLessThan(4);
  });

  test('one that gets no host is a run with none, which is fine', async () => {
    const counts = await Promise.all(
      [1, 2].map(async (shard) => {
        const result = await run(['-H', 'node1', 'exec', '--shard', `${shard}/2`, '--json', 'true']);
        expect(result.code).toBe(0);
        expect(runFaults(parseRun(result))).toBe('');
        return parseRun(result).summary.total;
      }),
    );
    expect(counts.sort()).toEqual([0, 1]);
  });

  test('a file a host and a page are written by a shard as by a whole run', async () => {
    const kept = ['--outdir', 'out', '--report', 'page.html'];
    const result = await run([
      '-H',
      NODES.join(','),
      'exec',
      '--shard',
      '3/3',
      ...kept,
      'echo {}; echo $PSSH_HOST',
    ]);
    expect(result.code).toBe(0);
    const names = readdirSync(join(scene.here, 'out')).filter((name) => name.startsWith('node'));
    expect(names).toHaveLength(3);
    for (const name of names)
      expect(readFileSync(join(scene.here, 'out', name), 'utf8')).toBe(`{}\n${name}\n`);
    const page = readFileSync(join(scene.here, 'page.html'), 'utf8');
    for (const name of names) expect(page).toContain(`"${name}","ok"`);
  });
});

describe('report merge', () => {
  test.each([
    [['missing.json'], /"missing\.json" can't be read: .*; name what exec --json printed/],
    [[], /missing required argument 'files'/],
    [['bad.json'], /"bad\.json" is no pssh-ts\/run@1/],
  ])('%j is refused', async (files, reason) => {
    writeFileSync(join(scene.here, 'bad.json'), '{"schema":"pssh-ts/hosts@1"}');
    const result = await run(['report', 'merge', ...files]);
    expect(result.code).toBe(2);
    expect(result.err).toMatch(reason);
  });

  test('bytes that are no text and a host in two documents come through', async () => {
    const bytes = await run(['-H', 'node1', 'exec', '--json', 'printf "\\377\\000x"; exit 3']);
    writeFileSync(join(scene.here, 'a.json'), bytes.stdout);
    const merged = await run(['report', 'merge', '--json', 'a.json', 'a.json']);
    expect(merged.err).toContain('in more than one of the documents, and counted by the worst: node1\n');
    expect(
      parseRun(merged).results.map(({ stdout, stdoutEncoding, step }) => [stdout, stdoutEncoding, step]),
    ).toEqual([
      ['/wB4', 'base64', 0],
      ['/wB4', 'base64', 1],
    ]);
    expect(merged.code).toBe(5);
    expect((await run(['report', 'merge', '-S', 'a.json'])).code).toBe(3);
  });
});
