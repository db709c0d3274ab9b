import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { runFaults } from '../unit/sinks/schema.js';
import { BIN, parseRun, runCli } from './cli.js';
import { Sleeps, sessionTable } from './session-table.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [{ name: 'one' }, { name: 'two' }, { name: 'mute', kind: 'silent-after-banner' }],
  });
  await run(['-H', 'one,two', 'exec', 'true']);
});
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
});

const run = (args: readonly string[]) => runCli(['-F', fleet.configPath, ...args], { env: fleet.env });

describe.each(['mux', 'process'])('--deadline over %s', (transport) => {
  const exec = (...args: string[]) => run(['--transport', transport, '-t', '50', ...args]);

  test('ends what runs and what still connects; what was not begun is skipped; exit 3', async () => {
    const sleeps = new Sleeps();
    onTestFinished(async () => {
      for (const { pid } of sleeps.mentioned(await sessionTable())) signalQuietly(pid, 'SIGKILL');
    });
    const text = `echo begun; trap '' TERM; ${sleeps.command(0)} & ${sleeps.command(1)}; wait`;
    const limits = ['--deadline', '4s', '--kill-grace', '1s', '-f', '2'];
    const result = await exec('-H', 'one,mute,two', 'exec', ...limits, '--json', text);
    expect(sleeps.running(await sessionTable(), [0, 1], 3)).toEqual([]);
    const { results, summary } = parseRun(result);
    expect(results.map(({ host, status, killed, error }) => [host, status, killed, error])).toEqual([
      ['one', 'timed-out', 'confirmed', null],
      ['mute', 'timed-out', null, { code: 'ERR_CONNECT_TIMEOUT', message: 'not connected yet' }],
      ['two', 'skipped', null, null],
    ]);
    expect(results).toMatchObject([
      { timedOutBy: 'deadline', stdout: 'begun\n' },
      { timedOutBy: 'deadline' },
      { skippedBy: 'deadline' },
    ]);
    expect(runFaults(parseRun(result))).toBe('');
    expect(summary).toMatchObject({ timedOut: 2, skipped: 1, ok: 0 });
    expect(result.code).toBe(3);
    expect(result.err).toContain('timed-out: one: at the deadline of 4.0s, ended on the host');
    expect(result.err).toContain('timed-out: mute: at the deadline of 4.0s: not connected yet');
    expect(result.err).toContain('skipped: two: not begun at the deadline of 4.0s');
  });

  test('steps that were not begun are skipped, and -S tells a timeout', async () => {
    const steps = ['-c', 'echo first', '-c', 'sleep 60', '-c', 'echo third'];
    const result = await exec('-H', 'one', 'exec', '--deadline', '2s', '-S', '--json', ...steps);
    expect(parseRun(result).results.map(({ status }) => status)).toEqual(['ok', 'timed-out', 'skipped']);
    expect(result.code).toBe(255);
  });

  test('a run that is over before is not held by it', async () => {
    const result = await exec('-H', 'one,two', 'exec', '--deadline', '1h', 'echo done');
    expect(result.code).toBe(0);
    expect(result.durationMs).toBeLessThan(20_000);
  });

  test('-u counts for the command, whichever comes first', async () => {
    const result = await exec('-H', 'one', 'exec', '--deadline', '1h', '-u', '1s', 'sleep 60');
    expect(result.err).toContain('timed-out: one: after 1.0s, ended on the host');
    expect(result.code).toBe(3);
  });
});

test('a reader that reads nothing does not hold the run past the deadline', async () => {
  // A deadline and a grace beyond, the drain: then the output is dropped.
  const limits = ['--deadline', '1s', '--kill-grace', '1s', '--drain', '1s'];
  const child = spawn(
    process.execPath,
    [BIN, '-F', fleet.configPath, '-H', 'one', 'exec', ...limits, 'yes'],
    { env: fleet.env },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stderr.resume();
  const [code] = await once(child, 'exit');
  expect(code).toBe(3);
});

test('a deadline that comes while somebody reads the outputs of a run that is over takes none of it away', async () => {
  const limits = ['--deadline', '15s', '--kill-grace', '200ms', '--drain', '200ms'];
  const speak = 'yes | head -c 3000000';
  const child = spawn(
    process.execPath,
    [BIN, '-F', fleet.configPath, '-H', 'one,two', 'exec', ...limits, '-b', speak],
    { env: fleet.env },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const started = performance.now();
  const ended = once(child, 'exit');
  child.stderr.resume();
  // The first bytes come when both hosts are done; then the reader looks at them until the deadline is long over.
  await once(child.stdout, 'readable');
  expect(performance.now() - started).toBeLessThan(15_000);
  await until(() => performance.now() - started > 16_500, {
    deadlineMs: 30_000,
    what: 'the deadline to be over',
  });
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const [code] = await ended;
  expect(code).toBe(0);
  expect(bytes).toBeGreaterThan(3_000_000);
});

test.each([
  ['0', 'leaves no time'],
  ['soon', 'is no duration'],
])('--deadline %s is refused in one line', async (value, said) => {
  const result = await run(['-H', 'one', 'exec', '--deadline', value, 'true']);
  expect(result.code).toBe(2);
  expect(result.err).toMatch(new RegExp(`^pssh-ts: --deadline: .*${said}.*\n$`));
});
