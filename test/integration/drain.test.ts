import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { startUsersMaster } from '../fleet/users-master.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';
import { Sleeps, sessionTable } from './session-table.js';

let fleet: Fleet;
let folder: string;
let sleeps: Sleeps;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pt-cm-'));
  fleet = await startFleet({
    hosts: [{ name: 'one' }, { name: 'mine', client: [`ControlPath ${folder}/%C`] }],
  });
});
beforeEach(() => {
  sleeps = new Sleeps();
});
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
  await rm(folder, { recursive: true, force: true });
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

const HELD = "something on the host still holds the command's output; let go ";

describe.each(['mux', 'process'])('over %s', (transport) => {
  const run = (...args: readonly string[]) => exec(['--transport', transport, ...args]);

  test.each([
    [0, ''],
    [3, '; exit 3'],
  ])(
    'a daemon that holds the output is let go after --drain; status %i stands and the daemon lives',
    async (exitCode, end) => {
      const result = await run('--drain', '1s', `${sleeps.command(0)} & echo started${end}`);
      const { results } = parseRun(result);
      expect(results[0]).toMatchObject({ exitCode, killed: null, stdout: 'started\n', error: null });
      expect(results[0]?.status).toBe(exitCode === 0 ? 'ok' : 'failed');
      expect(result.err).toContain(`${HELD}after 1s`);
      expect(result.durationMs).toBeLessThan(20_000);
      expect(await daemons()).toHaveLength(1);
    },
  );

  test('the command may run for longer than --drain, and what it says until its end is all there', async () => {
    const text = `${sleeps.command(0)} & for i in 1 2 3 4; do echo $i; sleep 0.5; done; echo end >&2; exit 4`;
    const { results } = parseRun(await run('--drain', '0.5s', text));
    expect(results[0]).toMatchObject({ exitCode: 4, stdout: '1\n2\n3\n4\n', stderr: 'end\n' });
    expect(await daemons()).toHaveLength(1);
  });

  test('the next command of the host runs, and the next run', async () => {
    const daemon = `${sleeps.command(0)} & echo started`;
    const result = await run(
      '--drain',
      '0.5s',
      '--connect-retries',
      '0',
      '-c',
      daemon,
      '-c',
      daemon,
      '-c',
      'echo last',
    );
    expect(parseRun(result).results.map(({ status, stdout }) => [status, stdout])).toEqual([
      ['ok', 'started\n'],
      ['ok', 'started\n'],
      ['ok', 'last\n'],
    ]);
    expect(await daemons()).toHaveLength(2);
    expect(parseRun(await run('echo again')).results[0]).toMatchObject({ status: 'ok', stdout: 'again\n' });
  });

  test('-u that is over before the output is let go: the status stands', async () => {
    const text = `${sleeps.command(0)} & echo started; exit 5`;
    const result = await run('-u', '2s', '--kill-grace', '1s', '--drain', '4s', text);
    expect(parseRun(result).results[0]).toMatchObject({ status: 'failed', exitCode: 5, killed: null });
    expect(await daemons()).toHaveLength(1);
  });

  test('nothing is let go while the command runs', async () => {
    const text = `${sleeps.command(0)} & sleep 2; echo done`;
    const result = await run('--drain', '0.2s', '-u', '30s', text);
    expect(parseRun(result).results[0]).toMatchObject({ status: 'ok', stdout: 'done\n' });
    expect(await daemons()).toHaveLength(1);
  });
});

// The status reaches the ssh client at once, but it tells it only at its own end (OpenSSH 9.2).
test("ssh -S over the user's own master, which is not ours to end: the status is there once nobody holds the output", async () => {
  const master = await startUsersMaster(fleet, 'mine');
  onTestFinished(() => master.end());
  let said = '';
  let ended = false;
  const text = `${sleeps.command(0)} & echo started; exit 3`;
  const running = exec(['-H', 'mine', '-x', 'one', '--drain', '0.2s', text], {
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
  const { results } = parseRun(await running);
  expect(results[0]).toMatchObject({ status: 'failed', exitCode: 3, stdout: 'started\n' });
  expect(await master.isAlive()).toBe(true);
});
