import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';
import { Sleeps, sessionTable } from './session-table.js';

let fleet: Fleet;
let sleeps: Sleeps;
beforeAll(async () => {
  fleet = await startFleet({ hosts: [{ name: 'one' }] });
});
beforeEach(() => {
  sleeps = new Sleeps();
});
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
});

const exec = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', fleet.configPath, '-H', 'one', 'exec', '--json', ...args], { env: fleet.env, ...options });

/** The daemon that a command left, ended with the test. */
async function daemons(): Promise<readonly number[]> {
  const pids = sleeps.running(await sessionTable(), [0], 1).map(({ pid }) => pid);
  onTestFinished(() => {
    for (const pid of pids) signalQuietly(pid, 'SIGKILL');
  });
  return pids;
}

test('mux: a daemon that holds the output is let go after --drain; the status stands and the daemon lives', async () => {
  const result = await exec(['--transport', 'mux', '--drain', '1s', `${sleeps.command(0)} & echo started`]);
  expect(parseRun(result).results[0]).toMatchObject({
    status: 'ok',
    exitCode: 0,
    killed: null,
    stdout: 'started\n',
  });
  expect(result.err).toContain("something on the host still holds the command's output; let go after 1s");
  expect(result.durationMs).toBeLessThan(20_000);
  expect(await daemons()).toHaveLength(1);
});

// The status reaches the ssh client at once, but it tells it only at its own end (OpenSSH 9.2).
test('ssh -S: the status is there once nobody holds the output any more, as with plain ssh', async () => {
  let said = '';
  const text = `${sleeps.command(0)} & echo started; exit 3`;
  let ended = false;
  const running = exec(['--transport', 'process', '--drain', '0.2s', text], {
    onOutput: (piece) => (said += piece),
  }).finally(() => (ended = true));
  let pids: readonly number[] = [];
  await until(
    async () => {
      pids = await daemons();
      return pids.length === 1;
    },
    { deadlineMs: 20_000, what: 'the daemon' },
  );
  // Its leash stands by then, long after the command itself has gone.
  await seeLeashes(1, () => sessionProcesses(fleet.dir));
  expect([ended, said]).toEqual([false, '']);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  expect(parseRun(await running).results[0]).toMatchObject({
    status: 'failed',
    exitCode: 3,
    stdout: 'started\n',
  });
});

test('ssh -S: -u bounds that waiting; whose shell was gone before the leash came is not found any more', async () => {
  const text = `${sleeps.command(0)} & echo started`;
  const result = await exec(['--transport', 'process', '-u', '1s', '--kill-grace', '1s', text]);
  expect(parseRun(result).results[0]).toMatchObject({ status: 'timed-out', killed: 'unknown' });
  expect(await daemons()).toHaveLength(1);
});
