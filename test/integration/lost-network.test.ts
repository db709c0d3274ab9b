import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { type Relay, startRelay } from '../fleet/relay.js';
import { until } from '../fleet/until.js';
import { type CliOptions, type CliResult, parseRun, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';
import { type SessionLine, Sleeps, sessionTable } from './session-table.js';

// What the host waits for a word of ours, as ssh does: interval times count.
const ALIVE = ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=2'];
const SILENCE_MS = 2_000;
const GRACE_MS = 1_000;
// The guarantee has two seconds of its own; the machine may have other things to do.
const DEAD_MS = SILENCE_MS + GRACE_MS + 2_000 + 10_000;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: [{ name: 'server' }] });
});
afterAll(() => fleet?.stop());

/** A host whose network can be lost, known to ssh by a name of its own. */
async function lostOne(name: string): Promise<Relay> {
  const { address, port } = fleet.host('server');
  if (port === null) throw new Error('the server has no port');
  const relay = await startRelay({ address, port });
  onTestFinished(() => relay.close());
  const where = [`HostName ${relay.address}`, `Port ${relay.port}`, `HostKeyAlias [${address}]:${port}`];
  await fleet.addHost({ name, sameServerAs: 'server', client: where });
  return relay;
}

const SETSID = 3;

interface Lost {
  readonly relay: Relay;
  readonly sleeps: Sleeps;
  readonly ended: Promise<CliResult>;
  readonly pid: number;
  readonly begun: readonly SessionLine[];
}

/** A command of several kinds of processes that runs on a host of its own. */
async function begin(
  name: string,
  args: readonly string[],
  options: Partial<CliOptions> = {},
): Promise<Lost> {
  const sleeps = new Sleeps();
  onTestFinished(async () => {
    for (const { pid } of sleeps.mentioned(await sessionTable())) signalQuietly(pid, 'SIGKILL');
  });
  const relay = await lostOne(name);
  const text = [
    `${sleeps.command(0)} &`,
    `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; ${sleeps.command(1)}" &`,
    `setsid ${sleeps.command(SETSID)} &`,
    sleeps.command(2),
  ].join('\n');
  let pid = 0;
  const ended = runCli(
    ['-F', fleet.configPath, '-H', name, '--persist', '0', ...ALIVE, ...args, '--json', text],
    {
      env: fleet.env,
      onStart: (id) => (pid = id),
      ...options,
    },
  );
  let begun: readonly SessionLine[] = [];
  await until(
    async () => {
      begun = sleeps.running(await sessionTable(), [0, 1, 2, SETSID], 1);
      return begun.length === 4;
    },
    { deadlineMs: 30_000, what: 'the command to begin' },
  );
  return { relay, sleeps, ended, pid, begun };
}

async function seeGone(sleeps: Sleeps, rows: readonly number[]): Promise<void> {
  await until(async () => sleeps.running(await sessionTable(), rows, 1).length === 0, {
    deadlineMs: DEAD_MS,
    what: 'the end of the command on the host',
  });
}

describe.each(['mux', 'process'])('over %s', (transport) => {
  const exec = ['--transport', transport, 'exec', '--kill-grace', `${GRACE_MS}ms`];
  const leashOf = (): Promise<readonly number[]> => sessionProcesses(fleet.dir);

  test('the network is lost: the result says so, and the host ends the command by itself', async () => {
    const { relay, sleeps, ended } = await begin(`lost-${transport}`, exec);
    await seeLeashes(1, leashOf);
    const dropped = performance.now();
    relay.freeze();
    const [result] = await Promise.all([ended, seeGone(sleeps, [0, 1, 2])]);
    expect(performance.now() - dropped).toBeLessThan(DEAD_MS);
    expect(parseRun(result).results[0]).toMatchObject({
      status: 'disconnected',
      killed: null,
      error: { code: 'ERR_DISCONNECTED' },
    });
    expect(result.code).toBe(4);
    expect(sleeps.running(await sessionTable(), [SETSID], 1)).toHaveLength(1);
    await seeLeashes(0, leashOf);
  });

  test('a command that runs for longer than that, and says nothing, is left alone', async () => {
    await lostOne(`quiet-${transport}`);
    const args = ['-F', fleet.configPath, '-H', `quiet-${transport}`, '--persist', '0', ...ALIVE];
    const result = await runCli([...args, ...exec, '--json', 'sleep 6; echo done'], { env: fleet.env });
    expect(parseRun(result).results[0]).toMatchObject({ status: 'ok', killed: null, stdout: 'done\n' });
    await seeLeashes(0, leashOf);
  });

  test('a pssh-ts that is stopped for longer is lost to the host, and says so when it goes on', async () => {
    const { sleeps, ended, pid } = await begin(`stopped-${transport}`, exec);
    await seeLeashes(1, leashOf);
    process.kill(pid, 'SIGSTOP');
    await seeGone(sleeps, [0, 1, 2]);
    process.kill(pid, 'SIGCONT');
    // Over ssh -S a status is known only when nobody holds the output any more.
    for (const { pid: own } of sleeps.running(await sessionTable(), [SETSID], 1))
      process.kill(own, 'SIGKILL');
    expect(parseRun(await ended).results[0]).toMatchObject({
      status: 'disconnected',
      error: { message: 'the host heard nothing of pssh-ts for 2s and ended the command' },
    });
  });

  test('--on-disconnect leave: the command lives on', async () => {
    const { relay, sleeps, ended } = await begin(`left-${transport}`, [...exec, '--on-disconnect', 'leave']);
    relay.freeze();
    expect(parseRun(await ended).results[0]).toMatchObject({ status: 'disconnected', killed: null });
    await seeLeashes(0, leashOf);
    expect(sleeps.running(await sessionTable(), [0, 1, 2, SETSID], 1)).toHaveLength(4);
  });
});
