import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { runCli } from './cli.js';
import { countingSsh } from './counting-ssh.js';
import { Scene, TRANSPORTS } from './fault-scene.js';

const MEBIBYTE = 2 ** 20;
const TWENTY = Array.from({ length: 20 }, (_, index) => `t${index + 1}`);

let fleet: Fleet;
let banners: string;
beforeAll(async () => {
  banners = await mkdtemp(join(tmpdir(), 'pt-banner-'));
  const banner = (bytes: number): string => {
    const file = join(banners, String(bytes));
    const line = 'Permission denied (publickey).\tConnection closed by 192.0.2.1 port 22\n';
    writeFileSync(file, line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes));
    return `Banner ${file}`;
  };
  fleet = await startFleet({
    hosts: [
      { name: 'other' },
      ...TRANSPORTS.flatMap((name) => [
        { name: `one-${name}`, sshd: ['MaxSessions 1'] },
        { name: `two-${name}`, sshd: ['MaxSessions 2'] },
        { name: `none-${name}`, sshd: ['MaxSessions 0'] },
      ]),
      { name: 'big-banner', sshd: [banner(MEBIBYTE)] },
      { name: 'banner', sshd: [banner(200_000)] },
      ...TWENTY.map((name, index) =>
        index < 4 ? { name, sshd: ['MaxSessions 2'] } : { name, sameServerAs: `t${(index % 4) + 1}` },
      ),
    ],
  });
});
afterAll(async () => {
  await fleet?.stop();
  await rm(banners, { recursive: true, force: true });
});

describe.each(TRANSPORTS)('over %s', (transport) => {
  const make = (victim: string) => Scene.make(fleet, transport, victim, ['other']);

  test.each(['one', 'two'])('MaxSessions of %s: command after command, each ok', async (kind) => {
    const scene = await make(`${kind}-${transport}`);
    const before = await fleet.logins(scene.victim);
    const steps = ['-c', 'sleep 1; echo 1', '-c', 'exit 0', '-c', 'echo 3'];
    const done = await scene.run(['-H', scene.victim, 'exec', '--json', ...steps]);
    const { results } = JSON.parse(done.out) as { results: { status: string; stdout: string }[] };
    expect(results.map(({ status, stdout }) => [status, stdout])).toEqual([
      ['ok', '1\n'],
      ['ok', ''],
      ['ok', '3\n'],
    ]);
    expect((await fleet.logins(scene.victim)) - before).toBe(1);
    await scene.seeWell();
  });

  test('MaxSessions 0: unreachable, said so, after two logins at most; the others are ok', async () => {
    const scene = await make(`none-${transport}`);
    const done = await scene.exec('echo $FLEET_HOST');
    expect(done.of('other')).toMatchObject({ status: 'ok', stdout: 'other\n' });
    expect(done.of(scene.victim)).toMatchObject({
      status: 'unreachable',
      exitCode: null,
      error: { code: 'ERR_CHANNEL_OPEN', message: expect.stringMatching(/refused a session.*MaxSessions/) },
    });
    expect(await fleet.logins(scene.victim)).toBeLessThanOrEqual(2);
    expect(done.cli.durationMs).toBeLessThan(20_000);
    expect(done.cli.code).toBe(4);
    await scene.seeClean();
  });

  test('what a refusal taught is kept: three runs of `sleep 1` at MaxSessions 1 cost two logins', async () => {
    const scene = await make(`one-${transport}`);
    const before = await fleet.logins(scene.victim);
    for (const _ of [1, 2, 3]) expect((await scene.exec('sleep 1')).of(scene.victim).status).toBe('ok');
    const logins = (await fleet.logins(scene.victim)) - before;
    expect(logins).toBeLessThanOrEqual(2);
    await scene.seeWell();
    // Nothing was refused any more, so the master is still the second.
    expect((await fleet.logins(scene.victim)) - before).toBe(logins);
  });

  test('with the cap of 1 known, a command that is given up says `unknown`', async () => {
    const scene = await make(`one-${transport}`);
    await scene.exec('sleep 1');
    const done = await scene.exec('sleep 30', ['-u', '1']);
    expect(done.of(scene.victim)).toMatchObject({ status: 'timed-out', killed: 'unknown' });
    await scene.seeClean([scene.victim]);
  });

  test('a banner of 1 MB: refused by ssh itself, said in one short line', async () => {
    const scene = await make('big-banner');
    const done = await scene.exec('echo $FLEET_HOST');
    const { status, error } = done.of('big-banner');
    expect([status, error?.code]).toEqual(['unreachable', 'ERR_CONNECT']);
    expect(done.of('other').status).toBe('ok');
    expect(Buffer.byteLength(done.cli.err + (error?.message ?? ''))).toBeLessThan(4096);
    await scene.seeClean();
  });

  test('a banner of 200 KB that looks like failures: ok', async () => {
    const scene = await make('banner');
    const done = await scene.exec('echo $FLEET_HOST');
    expect(done.of('banner')).toMatchObject({ status: 'ok', stdout: 'banner\n', attempts: 1 });
    expect(done.cli.err.length).toBeLessThan(4096);
    await scene.seeWell();
  });

  test('two at once on the same 20 hosts at MaxSessions 2: both all ok; and once more', async () => {
    const scene = await make('t1');
    const args = ['-H', 't[1-20]', 'exec', '--json', 'sleep 1; echo $PSSH_HOST'];
    for (const _ of ['once', 'twice']) {
      for (const done of await Promise.all([scene.run(args), scene.run(args)])) {
        const { results } = JSON.parse(done.out) as { results: { status: string; stdout: string }[] };
        expect(results.map(({ status, stdout }) => [status, stdout])).toEqual(
          TWENTY.map((name) => ['ok', `${name}\n`]),
        );
      }
    }
    await scene.seeClean();
  }, 120_000);
});

describe('processes started', () => {
  test('100 warm hosts start none', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `w${index + 1}`);
    for (const name of names)
      await fleet.addHost({ name, sameServerAs: `t${(Number(name.slice(1)) % 4) + 1}` });
    const scene = await Scene.make(fleet, 'mux', 'w1');
    const ssh = await countingSsh(scene.dir, scene.env);
    const run = () =>
      runCli(['-F', fleet.configPath, '-t', '90', '-f', '32', '-H', 'w[1-100]', 'exec', 'true'], {
        env: ssh.env,
        deadlineMs: 120_000,
      });
    expect((await run()).code).toBe(0);
    // It can count: of each host it saw the login, and once what asked the config for all of them.
    const cold = (await ssh.started()).length;
    expect(cold).toBeGreaterThanOrEqual(101);
    expect((await run()).code).toBe(0);
    expect((await ssh.started()).slice(cold)).toEqual([]);
    await scene.seeClean();
  }, 240_000);

  test('ServerAlive is set by us only where the config sets none', async () => {
    const scene = await Scene.make(fleet, 'mux', 'other');
    const ssh = await countingSsh(scene.dir, scene.env);
    const logins = async (args: readonly string[]): Promise<string[]> => {
      const before = (await ssh.started()).length;
      await scene.exec('true', [...args, '--persist', '0'], { env: ssh.env });
      return (await ssh.started()).slice(before).filter((line) => line.includes(' -M '));
    };
    const [ours, ...more] = await logins([]);
    expect(more).toEqual([]);
    expect(ours).toContain('-o ServerAliveInterval=15 -o ServerAliveCountMax=3');
    const [theirs] = await logins(['-o', 'ServerAliveInterval=7']);
    expect(theirs?.match(/ServerAlive\w+=\d+/g)).toEqual(['ServerAliveInterval=7']);
    await scene.seeClean();
  });
});
