import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldNames } from '../../src/core/fold.js';
import { until } from '../fleet/until.js';
import { BIN, type CliOptions, parseRun, runCli } from './cli.js';
import { type Hosts, startHosts } from './hosts.js';

let hosts: Hosts;
let all: string;
let one: string;

beforeAll(async () => {
  hosts = await startHosts();
  all = hosts.names.slice(0, 3).join(',');
  one = hosts.names[0] ?? '';
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: hosts.env });
  await hosts.stop();
});

const WAYS: Readonly<Record<string, readonly string[]>> = {
  mux: ['--transport', 'mux'],
  process: ['--transport', 'process'],
  'plain ssh': ['--no-mux'],
};
let way: readonly string[] = [];
const run = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', hosts.configPath, ...way, ...args], { env: hosts.env, ...options });
const sorted = (text: string): string[] => text.trimEnd().split('\n').sort();

describe.each(Object.keys(WAYS))('exec on hosts that work, over %s', (name) => {
  beforeAll(() => {
    way = WAYS[name] ?? [];
  });

  test('prefixes each line, sets PSSH_* and exits 5 for a command that ends non-zero', async () => {
    const result = await run(['-H', all, 'exec', 'echo $PSSH_HOST $PSSH_NODENUM $PSSH_NUMNODES; exit 3']);
    expect(sorted(result.out)).toEqual(
      hosts.names.slice(0, 3).map((name, index) => `${name}: ${name} ${index} 3`),
    );
    expect(result.err).toContain(`  failed: ${foldNames(all.split(','))}: exit status 3\n`);
    expect(result.code).toBe(5);
  });

  test('--json gives a result a host in the order given', async () => {
    const reversed = hosts.names.slice(0, 3).reverse();
    const result = await run(['-H', reversed.join(','), 'exec', '--json', 'echo out; echo err >&2; exit 3']);
    const document = parseRun(result);
    expect(document.schema).toBe('pssh-ts/run@1');
    expect(document.exitCode).toBe(5);
    expect(document.summary).toMatchObject({ total: 3, ok: 0, failed: 3 });
    expect(document.results.map(({ host }) => host)).toEqual(reversed);
    for (const [index, entry] of document.results.entries()) {
      expect(entry).toMatchObject({
        index,
        step: 0,
        status: 'failed',
        exitCode: 3,
        signal: null,
        killed: null,
      });
      expect(entry).toMatchObject({
        stdout: 'out\n',
        stderr: 'err\n',
        stdoutEncoding: 'utf8',
        truncated: false,
        error: null,
      });
    }
  });

  test.each([0, 1, 4, 5, 44, 127, 254, 255])('the remote status %i comes through as such', async (status) => {
    const result = await run(['-H', one, 'exec', '--json', '-S', `exit ${status}`]);
    expect(parseRun(result).results[0]).toMatchObject({
      exitCode: status,
      status: status === 0 ? 'ok' : 'failed',
      error: null,
    });
    expect(result.code).toBe(status);
  });

  test('a command killed by a signal is told from one that exits 255', async () => {
    const result = await run(['-H', one, 'exec', '--json', 'kill -KILL $$']);
    expect(parseRun(result).results[0]).toMatchObject({
      exitCode: null,
      status: 'signaled',
      signal: name === 'mux' ? 'KILL' : null,
    });
    expect(result.code).toBe(3);
  });

  test('10 MB of random bytes go through cat unchanged, to one host and to three', async () => {
    const bytes = randomBytes(10_000_000);
    const plain = await run(['-H', one, 'exec', '-N', '-I', 'cat'], { input: bytes });
    expect(plain.code).toBe(0);
    expect(plain.stdout.equals(bytes)).toBe(true);
    const json = await run(['-H', all, 'exec', '--json', '-I', 'cat'], { input: bytes });
    for (const { stdout, stdoutEncoding } of parseRun(json).results) {
      expect(stdoutEncoding).toBe('base64');
      expect(Buffer.from(stdout, 'base64').equals(bytes)).toBe(true);
    }
  });

  test('without -I a command that reads finds its input empty', async () => {
    const result = await run(['-H', one, 'exec', 'wc', '-c'], { input: 'not for you' });
    expect(result.out).toBe(`${one}: 0\n`);
  });

  test('-u ends a command that takes too long, within the grace', async () => {
    const result = await run(['-H', all, 'exec', '-u', '1s', '--json', 'echo begun; sleep 60']);
    expect(result.code).toBe(3);
    expect(result.durationMs).toBeLessThan(10_000);
    for (const entry of parseRun(result).results) {
      expect(entry).toMatchObject({ status: 'timed-out', exitCode: null, stdout: 'begun\n' });
      expect(['confirmed', 'unknown']).toContain(entry.killed);
    }
  });

  test('options stand before or after the command; from the first word on all belongs to it', async () => {
    expect((await run(['-H', one, 'exec', 'ls', '-d', '/'])).out).toBe(`${one}: /\n`);
    expect((await run(['exec', '-H', one, 'echo', 'a', '-H', 'b'])).out).toBe(`${one}: a -H b\n`);
    expect((await run(['-H', one, 'exec', '--', 'echo', '--', 'x'])).out).toBe(`${one}: -- x\n`);
    const dash = await run(['-H', one, 'exec', '--', '-x']);
    expect(dash.err).toContain('-x');
    expect(dash.code).toBe(5);
    const both = await run(['-H', one, 'exec', '-H', all, 'echo', '$PSSH_NUMNODES']);
    expect(sorted(both.out)).toEqual(hosts.names.slice(0, 3).map((name) => `${name}: 3`));
  });

  test('several -c run one after another; after a failure the rest is skipped, unless --keep-commands', async () => {
    const stops = parseRun(
      await run(['-H', one, 'exec', '--json', '-c', 'echo 1', '-c', 'exit 9', '-c', 'echo 3']),
    );
    expect(stops.results.map(({ status }) => status)).toEqual(['ok', 'failed', 'skipped']);
    const keeps = parseRun(
      await run(['-H', one, 'exec', '--json', '--keep-commands', '-c', 'exit 9', '-c', 'echo 3']),
    );
    expect(keeps.results.map(({ status }) => status)).toEqual(['failed', 'ok']);
    expect(keeps.results[1]?.stdout).toBe('3\n');
  });

  test('--env, --cwd and --argv give their values as they are', async () => {
    const value = `it's "a" $HOME \\! \\' ; \`x\``;
    const env = await run([
      '-H',
      one,
      'exec',
      '-N',
      '--env',
      `ODD=${value}`,
      '--cwd',
      '/usr',
      'printf "%s|" "$ODD" "$PWD"',
    ]);
    expect(env.out).toBe(`${value}|/usr|`);
    const argv = await run(['-H', one, 'exec', '-N', '--argv', 'printf', '%s|', 'a b', '$HOME', value]);
    expect(argv.out).toBe(`a b|$HOME|${value}|`);
    const missing = await run(['-H', one, 'exec', '--json', '--cwd', '/no/such', 'echo ran']);
    expect(parseRun(missing).results[0]).toMatchObject({ exitCode: 125, stdout: '' });
    const raw = await run(['-H', one, 'exec', '--raw', 'echo "[$PSSH_HOST]"']);
    expect(raw.out).toBe(`${one}: []\n`);
  });

  test('--max-output cuts what is kept and says so', async () => {
    const result = await run([
      '-H',
      one,
      'exec',
      '--json',
      '--max-output',
      '10',
      'printf 12345678901234567890',
    ]);
    expect(parseRun(result).results[0]).toMatchObject({
      stdout: '1234567890',
      truncated: true,
      status: 'ok',
    });
  });

  test('a last line without a newline is whole in the prefixed view and exact with -N', async () => {
    expect((await run(['-H', one, 'exec', 'printf "a\\nb"'])).out).toBe(`${one}: a\n${one}: b\n`);
    expect((await run(['-H', one, 'exec', '-N', 'printf "a\\nb"'])).out).toBe('a\nb');
  });

  test('TERM cancels: what had come is printed, the run exits 143', async () => {
    let pid = 0;
    let out = '';
    const ended = run(['-H', all, 'exec', 'echo begun; sleep 60'], {
      onStart: (id) => (pid = id),
      onOutput: (piece) => (out += piece),
    });
    await until(() => out.match(/begun/g)?.length === 3, { deadlineMs: 20_000, what: 'begun from three' });
    process.kill(pid, 'SIGTERM');
    const result = await ended;
    expect(result.code).toBe(143);
    expect(sorted(result.out)).toEqual(hosts.names.slice(0, 3).map((name) => `${name}: begun`));
    expect(result.err).toContain('canceled');
    expect(result.durationMs).toBeLessThan(30_000);
  });

  test('a reader that goes away ends the run with 141', async () => {
    const args = ['-F', hosts.configPath, ...way, '-H', one, 'exec', 'yes | head -c 50000000'];
    const child = spawn(process.execPath, [BIN, ...args], {
      env: hosts.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const code = new Promise((resolve) => child.once('close', resolve));
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await code).toBe(141);
  });

  test('--dry-run connects to nothing and prints what would be run', async () => {
    const result = await run(['-H', 'nobody.invalid', 'exec', '--dry-run', 'rm -rf x']);
    expect(result.code).toBe(0);
    expect(result.out).toContain('nobody.invalid');
    expect(result.out).toContain('rm -rf x');
  });
});
