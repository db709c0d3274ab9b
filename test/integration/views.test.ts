import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { eventFaults, runFaults } from '../unit/sinks/schema.js';
import { BIN, type CliOptions, parseRun, type RunDocument, runCli, runProgram } from './cli.js';

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

describe('memory', () => {
  const HOOK = new URL('peak-memory.mjs', import.meta.url).href;
  const many = Array.from({ length: 20 }, (_, index) => `m${index + 1}`);
  let dir: string;

  beforeAll(async () => {
    for (const name of many) await fleet.addHost({ name, sameServerAs: 'node1' });
    dir = await mkdtemp(join(tmpdir(), 'pt-memory-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  /** Runs with all output into a file. @returns the most memory that pssh-ts took, in MB */
  async function peak(
    args: readonly string[],
    file: string,
  ): Promise<{ code: number | null; err: string; mb: number }> {
    const peakFile = join(dir, 'peak');
    const env = { ...fleet.env, NODE_OPTIONS: `--import ${HOOK}`, PEAK_MEMORY_FILE: peakFile };
    const command = [
      process.execPath,
      BIN,
      '-F',
      fleet.configPath,
      '-f',
      '10',
      '-H',
      'm[1-20]',
      'exec',
      ...args,
    ];
    const { code, err } = await runProgram(
      'sh',
      ['-c', 'out=$1; shift; exec "$@" > "$out"', 'sh', file, ...command],
      { env },
    );
    return { code, err, mb: Number(await readFile(peakFile, 'utf8')) / 1024 };
  }

  // 20 hosts x 12 MB; what is not text is the larger in JSON.
  const SPEAK =
    'i=0; while test $i -lt 12; do head -c 1000000 /dev/zero | tr "\\0" x; echo; i=$((i+1)); done';

  test('--json of more than memory should hold is one valid document', async () => {
    const file = join(dir, 'run.json');
    const { code, mb } = await peak(['--json', SPEAK], file);
    expect(code).toBe(0);
    const document = JSON.parse(await readFile(file, 'utf8')) as RunDocument;
    expect(runFaults(document)).toBe('');
    for (const { stdout, truncated } of document.results) {
      expect([stdout.length, truncated]).toEqual([12 * 1_000_001, false]);
    }
    expect((await stat(file)).size).toBeGreaterThan(240_000_000);
    expect(mb).toBeLessThan(300);
  });

  test.each(['--json', '--gather', '--inline'])(
    '%s with --max-output cuts, marks it and warns',
    async (view) => {
      const file = join(dir, 'cut');
      const { code, err, mb } = await peak([view, '--max-output', '100KiB', SPEAK], file);
      expect(code).toBe(0);
      expect(err).toContain('pssh-ts: output was cut after 100KiB a stream (--max-output) on m[1-20]\n');
      const text = await readFile(file, 'utf8');
      expect(text.length).toBeLessThan(20 * 110_000);
      if (view === '--json') {
        const { results } = JSON.parse(text) as RunDocument;
        expect(results.map(({ truncated }) => truncated)).toEqual(many.map(() => true));
      } else {
        expect(text).toContain('output cut after 100KiB');
      }
      expect(mb).toBeLessThan(200);
    },
  );

  test('a reader that is slow holds the hosts back, not the memory', async () => {
    const file = join(dir, 'slow');
    const env = { ...fleet.env, NODE_OPTIONS: `--import ${HOOK}`, PEAK_MEMORY_FILE: join(dir, 'peak') };
    const command = [process.execPath, BIN, '-F', fleet.configPath, '-H', 'm[1-10]', 'exec', SPEAK];
    // Takes 16 KiB at a time, and looks at each byte of it.
    const slow = '"$@" | dd bs=16k 2>/dev/null | od -An -c | wc -l > "$out"';
    const { code } = await runProgram('sh', ['-c', `out=$1; shift; ${slow}`, 'sh', file, ...command], {
      env,
    });
    expect(code).toBe(0);
    expect(Number(await readFile(join(dir, 'peak'), 'utf8')) / 1024).toBeLessThan(200);
  });
});
