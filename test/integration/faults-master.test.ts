import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { BUSY, OUTLIVE, Scene, TRANSPORTS } from './fault-scene.js';

let fleet: Fleet;
beforeAll(async () => {
  const names = [...TRANSPORTS, 'stopped-mux', 'stopped-process'];
  fleet = await startFleet({ hosts: [...names.map((name) => ({ name })), { name: 'other' }] });
});
afterAll(() => fleet.stop());

const isGone = async (pid: number): Promise<void> => {
  const gone = (): boolean => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  };
  await until(gone, { ...BUSY, what: `the end of process ${pid}` });
};

describe.each(TRANSPORTS)('over %s', (transport) => {
  const make = () => Scene.make(fleet, transport, transport, ['other']);

  test('the master killed -9 in mid-command: disconnected, at once', async () => {
    const scene = await make();
    await scene.exec('true');
    const master = await scene.masterOf(scene.victim);
    const result = await scene.strike(() => process.kill(master, 'SIGKILL'));
    expect(result).toMatchObject({
      status: 'disconnected',
      exitCode: null,
      error: { code: 'ERR_DISCONNECTED' },
    });
    expect(result.ms).toBeLessThan(20_000);
    expect(result.results.cli.code).toBe(4);
    await scene.seeWell();
  });

  test('the master stopped before the run: a new login, and the stopped one is ended', async () => {
    const scene = await make();
    await scene.exec('true');
    const master = await scene.masterOf(scene.victim);
    process.kill(master, 'SIGSTOP');
    const done = await scene.exec('echo $FLEET_HOST');
    expect(done.all.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['ok', 1],
      ['ok', 0],
    ]);
    expect(done.cli.durationMs).toBeLessThan(20_000);
    await isGone(master);
    await scene.seeWell();
  });

  test('the master stopped while nothing runs: masters close ends it', async () => {
    const scene = await make();
    await scene.exec('true');
    const master = await scene.masterOf(scene.victim);
    process.kill(master, 'SIGSTOP');
    await scene.run(['masters', 'close']);
    await isGone(master);
    await scene.seeWell();
  });

  test('the socket deleted before the run: a new login; the old master ends by itself after its time', async () => {
    const scene = await make();
    await scene.exec('true', ['--persist', '1']);
    const master = await scene.masterOf(scene.victim);
    for (const socket of await scene.sockets()) await rm(socket);
    const done = await scene.exec('echo $FLEET_HOST');
    expect(done.all.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['ok', 1],
      ['ok', 1],
    ]);
    await isGone(master);
    await scene.ageRecords();
    await scene.seeWell();
  });

  test('the socket deleted in mid-command: the command is not touched, its result is true', async () => {
    const scene = await make();
    await scene.exec('true', ['--persist', '1']);
    const deleteSockets = async (): Promise<void> => {
      for (const socket of await scene.sockets()) await rm(socket);
    };
    const result = await scene.strike(deleteSockets, ['--persist', '1'], { text: OUTLIVE });
    expect(result).toMatchObject({ status: 'failed', exitCode: 7, stdout: 'end\n', error: null });
    await scene.seeWell();
  });
});

// Nothing tells of a stopped master, so it is asked now and then: this takes most of a minute.
describe.concurrent('a master stopped in mid-command', () => {
  test.for(TRANSPORTS)(
    'over %s: disconnected within two minutes, and it is ended',
    { timeout: 200_000 },
    async (transport, { onTestFinished }) => {
      const scene = await Scene.make(fleet, transport, `stopped-${transport}`, ['other'], onTestFinished);
      await scene.exec('true');
      const master = await scene.masterOf(scene.victim);
      try {
        const result = await scene.strike(() => process.kill(master, 'SIGSTOP'));
        expect(result).toMatchObject({
          status: 'disconnected',
          exitCode: null,
          error: { code: 'ERR_DISCONNECTED', message: expect.stringContaining('does not answer') },
        });
        expect(result.ms).toBeLessThan(120_000);
        await isGone(master);
      } finally {
        signalQuietly(master, 'SIGKILL');
      }
      await scene.seeWell();
    },
  );
});
