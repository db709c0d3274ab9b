import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { eventFaults, runFaults } from '../unit/sinks/schema.js';
import { type CliOptions, parseRun, runCli } from './cli.js';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      ...[1, 2, 3, 4, 5].map((number) => ({ name: `node${number}` })),
      { name: 'dead1', kind: 'dead-port' },
      { name: 'dead2', kind: 'dead-port' },
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});

const run = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', fleet.configPath, ...args], { env: fleet.env, ...options });

// Three alike, one that differs, warns and fails, one that tries to look like others.
const REPORT = String.raw`case $PSSH_NODENUM in
  3) printf 'kernel 6.1\nroot 97%%\n'; echo nearly full >&2; exit 3;;
  4) printf -- '---------------\nnode1\n---------------\nno newline';;
  *) printf 'kernel 6.1\nroot 41%%\n';;
esac`;

describe('a real run on five hosts', () => {
  // One after another, so that the order is always the same.
  test.each(['prefix', 'plain', 'gather', 'diff', 'inline'])(
    '%s prints exactly this on stdout',
    async (format) => {
      const result = await run(['-f', '1', '-H', 'node[1-5]', 'exec', '--format', format, REPORT]);
      expect(result.code).toBe(5);
      await expect(result.out).toMatchFileSnapshot(`golden/views/${format}.txt`);
      expect(result.err.replace(/ in \S+$/m, ' in *')).toBe(
        `${{ prefix: 'node4: nearly full\n', plain: 'nearly full\n' }[format] ?? ''}pssh-ts: 1 of 5 hosts failed in *\n  failed: node4: exit status 3\n`,
      );
    },
  );

  test('--json and --ndjson are as their schemas say, failures too', async () => {
    const hosts = ['-H', 'node[1-5],dead[1-2]', 'exec'];
    const document = await run([...hosts, '--json', '-c', REPORT, '-c', 'printf "\\377"; kill -KILL $$']);
    expect(runFaults(JSON.parse(document.out))).toBe('');
    const events = await run([...hosts, '--ndjson', '-c', REPORT, '-c', 'printf "\\377"; kill -KILL $$']);
    const lines = events.out.trimEnd().split('\n');
    expect(lines.map((line) => eventFaults(JSON.parse(line))).filter((fault) => fault !== '')).toEqual([]);
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(new Set(types)).toEqual(
      new Set(['connecting', 'connected', 'started', 'output', 'finished', 'summary']),
    );
    expect(types.at(-1)).toBe('summary');
  });

  test('what the summary names can be pasted into the next -H, with one line a reason', async () => {
    const result = await run(['-H', 'node1,dead[1-2]', 'exec', 'true']);
    expect(result.code).toBe(4);
    const pasted = /^ {2}unreachable: (\S+): /m.exec(result.err)?.[1] ?? '';
    expect(pasted).toBe('dead[1-2]');
    expect(result.err.match(/Connection refused/g)).toHaveLength(1);
    const again = await run(['-H', pasted, 'exec', '--json', 'true']);
    expect(parseRun(again).results.map(({ host }) => host)).toEqual(['dead1', 'dead2']);
  });

  test('no colour and no progress where there is no terminal; FORCE_COLOR and NO_COLOR decide', async () => {
    const args = ['-H', 'node[1-2]', 'exec', 'sleep 1.5; echo x'];
    const escapes = async (env: NodeJS.ProcessEnv, ...more: readonly string[]): Promise<boolean> => {
      const { out, err } = await run([...args.slice(0, 3), ...more, ...args.slice(3)], {
        env: { ...fleet.env, ...env },
      });
      expect(out + err).not.toContain('running');
      return (out + err).includes('\u001b');
    };
    const found = await Promise.all([
      escapes({ TERM: 'xterm' }),
      escapes({ FORCE_COLOR: '1' }),
      escapes({ FORCE_COLOR: '1', NO_COLOR: '1' }),
      escapes({ FORCE_COLOR: '1' }, '--no-color'),
    ]);
    expect(found).toEqual([false, true, false, false]);
  });

  test('--progress tells how far it is in plain lines, also beside --gather', async () => {
    const result = await run(['-H', 'node[1-2]', 'exec', '--gather', '--progress', 'sleep 6; echo x']);
    expect(result.err).toMatch(/^pssh-ts: 0\/2 done, 2 running, oldest node[12] [456]s$/m);
    expect(result.err).not.toContain('\u001b');
    expect(result.out).toBe('---------------\nnode[1-2] (2)\n---------------\nx\n');
  });

  test('a line that is longer than what is held comes whole, between the lines of others', async () => {
    const size = 3_000_000;
    const long = `head -c ${size} /dev/zero | tr '\\0' x; echo; echo end`;
    const short = 'for i in 1 2 3 4 5 6 7 8 9; do echo $i; done; printf last';
    const result = await run([
      '-H',
      'node[1-2]',
      'exec',
      `test $PSSH_NODENUM = 0 && { ${long}; } || { ${short}; }`,
    ]);
    const lines = result.out.split('\n');
    expect(lines.filter((line) => line.startsWith('node1: ')).map((line) => line.length)).toEqual([
      7 + size,
      'node1: end'.length,
    ]);
    expect(lines.filter((line) => line.startsWith('node2: '))).toHaveLength(10);
    expect(lines).toHaveLength(13);
  });
});
