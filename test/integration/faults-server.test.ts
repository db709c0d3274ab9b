import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { DEFAULT_KEX } from '../fleet/config-text.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { bytesOfLogin } from './bytes-of-login.js';
import { OUTLIVE, Scene, TRANSPORTS } from './fault-scene.js';

const SHORT_BEAT = ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=2'];

let accounts: Accounts;
let fleet: Fleet;
beforeAll(async () => {
  accounts = makeAccounts([['sh', '/bin/sh']]);
  const user = accounts.list.at(-1)?.user;
  fleet = await startFleet({
    hosts: [
      // The cuts lie all over the handshake as it is by default.
      ...TRANSPORTS.map((name) => ({ name, sshd: [DEFAULT_KEX] })),
      { name: 'other' },
      // Only root's servers have a monitor beside the user's process.
      ...(user === undefined ? [] : [{ name: 'account', user }]),
    ],
  });
});
afterAll(async () => {
  await fleet?.stop();
  accounts?.remove();
});

/** What runs on the victim is the test's to end: nobody could. */
async function endRemote(scene: Scene): Promise<void> {
  const server = await scene.serverProcesses(scene.victim);
  for (const { pid } of server) signalQuietly(pid, 'SIGKILL');
  for (const pid of await sessionProcesses(fleet.dir, scene.victim)) signalQuietly(pid, 'SIGKILL');
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  const make = (victim: string = transport) => Scene.make(fleet, transport, victim, ['other']);

  test('the server process of the connection killed: disconnected, at once, and the command is ended', async () => {
    const scene = await make('account');
    await scene.exec('true');
    const result = await scene.strike(async () => {
      const server = await scene.serverProcesses(scene.victim);
      const user = server.find(({ ppid }) => server.some(({ pid }) => pid === ppid)) ?? server[0];
      process.kill(user?.pid ?? 0, 'SIGKILL');
    });
    expect(result).toMatchObject({ status: 'disconnected', error: { code: 'ERR_DISCONNECTED' } });
    expect(result.ms).toBeLessThan(20_000);
    await scene.seeWell();
  });

  test("the server's privileged monitor killed: the command goes on to its end, and its result is true", async () => {
    const scene = await make('account');
    await scene.exec('true');
    const killMonitor = async (): Promise<void> => {
      const server = await scene.serverProcesses(scene.victim);
      const monitor = server.find(({ pid }) => server.some(({ ppid }) => pid === ppid)) ?? server[0];
      process.kill(monitor?.pid ?? 0, 'SIGKILL');
    };
    const result = await scene.strike(killMonitor, [], { text: OUTLIVE });
    // Its user's process serves on, until the last session is closed.
    expect(result).toMatchObject({ status: 'failed', exitCode: 7, stdout: 'end\n' });
    expect(result.ms).toBeLessThan(30_000);
    // It ends with the next session, which was asked for by then.
    const next = await scene.exec('true');
    expect(['ok', 'disconnected']).toContain(next.of(scene.victim).status);
    await scene.seeWell();
  });

  test('the traffic dropped: disconnected by the keep-alive that is asked for', async () => {
    const scene = await make();
    const relay = await scene.throughRelay();
    await scene.exec('true', SHORT_BEAT);
    const result = await scene.strike(() => relay.freeze(), SHORT_BEAT);
    expect(result).toMatchObject({ status: 'disconnected', error: { code: 'ERR_DISCONNECTED' } });
    expect(result.ms).toBeLessThan(25_000);
    relay.thaw();
    await endRemote(scene);
    await scene.seeWell();
  });

  test('the server reboots: disconnected; the next run is ok', async () => {
    const scene = await make();
    await scene.exec('true');
    const result = await scene.strike(async () => {
      await fleet.stopHost(scene.victim);
      await fleet.startHostAgain(scene.victim);
    });
    expect(result).toMatchObject({ status: 'disconnected', error: { code: 'ERR_DISCONNECTED' } });
    expect(result.ms).toBeLessThan(25_000);
    await scene.seeWell();
  });

  test.each([0, 1, 20, 60, 500, 1200, 1800, 2500])(
    'a connection cut after %i bytes of the handshake: unreachable, tried three times',
    async (bytes) => {
      const scene = await make();
      const relay = await scene.throughRelay();
      relay.cutAfter(bytes);
      const done = await scene.exec('echo $FLEET_HOST');
      expect(done.of('other')).toMatchObject({ status: 'ok', stdout: 'other\n' });
      const result = done.of(scene.victim);
      expect(result).toMatchObject({ status: 'unreachable', error: { code: 'ERR_CONNECT' }, attempts: 3 });
      expect(relay.taken).toBe(3);
      expect(done.cli.durationMs).toBeLessThan(30_000);
      relay.cutAfter(null);
      await scene.seeWell();
    },
  );

  test('a connection cut right behind the login, before the command was sent: another one runs it, once', async () => {
    const scene = await make();
    const relay = await scene.throughRelay();
    const bytes = await bytesOfLogin(scene.victim, relay, (args) => scene.run(args));
    relay.cutNextAfter(bytes);
    const mark = join(scene.dir, 'ran');
    const done = await scene.exec(`echo $FLEET_HOST >>${mark}; echo $FLEET_HOST`);
    expect(done.of(scene.victim)).toMatchObject({ status: 'ok', attempts: 2 });
    expect((await readFile(mark, 'utf8')).split('\n').sort()).toEqual(['', 'other', scene.victim].sort());
    await scene.seeWell();
  });

  test('cut there again and again: unreachable within the number of tries', async () => {
    const scene = await make();
    const relay = await scene.throughRelay();
    const bytes = await bytesOfLogin(scene.victim, relay, (args) => scene.run(args));
    const before = relay.taken;
    relay.cutAfter(bytes);
    const done = await scene.exec('echo $FLEET_HOST');
    expect(done.of(scene.victim)).toMatchObject({ status: 'unreachable', exitCode: null });
    expect(relay.taken - before).toBeGreaterThan(1);
    expect(relay.taken - before).toBeLessThanOrEqual(5);
    relay.cutAfter(null);
    await scene.seeWell();
  });

  test.each([1, 1000, 300_000, 300_001, 5_000_000])(
    'a connection cut after %i bytes more in mid-command: disconnected',
    async (bytes) => {
      const scene = await make();
      const relay = await scene.throughRelay();
      await scene.exec('true');
      const mark = join(scene.dir, 'cut');
      const cut = (): Promise<void> => {
        relay.cutAfter(bytes);
        return writeFile(mark, '');
      };
      const result = await scene.strike(cut, [], {
        text: `until test -e ${mark}; do sleep 0.1; done; head -c 20000000 /dev/zero; sleep 86400`,
      });
      expect(result).toMatchObject({ status: 'disconnected', error: { code: 'ERR_DISCONNECTED' } });
      relay.cutAfter(null);
      await scene.seeWell();
    },
  );
});
