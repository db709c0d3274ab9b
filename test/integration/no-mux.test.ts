import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { startRelay } from '../fleet/relay.js';
import { until } from '../fleet/until.js';
import { bytesOfLogin } from './bytes-of-login.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';
import { Sleeps, sessionTable } from './session-table.js';

const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];
const SETSID = 3;

let accounts: Accounts;
let fleet: Fleet;
let shells: readonly string[];
beforeAll(async () => {
  const paths = ensureShells((line) => console.log(line));
  accounts = makeAccounts(LOGIN_SHELLS.map((name) => [name, paths[name]]));
  const users = accounts.list.map(({ user, shell }, index) =>
    index === 0 ? { name: `self-${shell}` } : { name: `user-${shell}`, user },
  );
  shells = users.map(({ name }) => name);
  fleet = await startFleet({
    hosts: [
      ...users,
      { name: 'host' },
      { name: 'banner', sshd: ['Banner /etc/passwd'] },
      { name: 'none', sshd: ['MaxSessions 0'] },
      { name: 'nokey', kind: 'refused-key' },
      { name: 'changed', kind: 'wrong-host-key' },
      { name: 'dead', kind: 'dead-port' },
      { name: 'mute', kind: 'silent-after-kex' },
      { name: 'few', sshd: ['MaxStartups 2'] },
      { name: 'forced', sshd: ['ForceCommand sleep 3'] },
    ],
  });
}, 300_000);
afterAll(async () => {
  await fleet?.stop();
  accounts?.remove();
});

const run = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', fleet.configPath, '-t', '30', '--no-mux', ...args], { env: fleet.env, ...options });

/** What is of pssh-ts: local ssh of this fleet, and files in the runtime folder. */
async function isClean(): Promise<boolean> {
  const { processes } = await leftovers(fleet.dir);
  const files = await readdir(join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts'));
  return (
    processes.every(({ args }) => !args.startsWith('ssh ')) &&
    files.every((file) => file === 'swept' || file.startsWith('code.'))
  );
}
const seeClean = () => until(isClean, { deadlineMs: 20_000, everyMs: 50, what: 'the end of all local ssh' });

describe('a login for each command', () => {
  test('two commands are two logins; no master, no socket, no log stays', async () => {
    const before = await fleet.logins('host');
    const result = await run(['-v', '-H', 'host', 'exec', '-c', 'echo 1', '-c', 'echo 2']);
    expect(result.out).toBe('host: 1\nhost: 2\n');
    expect(result.err).toContain('host: connected, over plain (--no-mux)');
    expect(await fleet.logins('host')).toBe(before + 2);
    await seeClean();
  });

  test("each of ssh's failures has its status, as over a master", async () => {
    const hosts = 'nokey,changed,dead,mute,none,host';
    const { results } = parseRun(await run(['-t', '15', '-H', hosts, 'exec', '--json', 'true']));
    expect(results.map(({ host, status, error }) => [host, status, error?.code ?? null])).toEqual([
      ['nokey', 'auth-failed', 'ERR_AUTH'],
      ['changed', 'host-key-failed', 'ERR_HOST_KEY'],
      ['dead', 'unreachable', 'ERR_CONNECT'],
      ['mute', 'unreachable', 'ERR_CONNECT_TIMEOUT'],
      ['none', 'unreachable', 'ERR_CHANNEL_OPEN'],
      ['host', 'ok', null],
    ]);
    await seeClean();
  });

  test('a host that falls silent is given up within -t', async () => {
    const result = await run(['-t', '2', '-H', 'mute', 'exec', 'true']);
    expect(result.code).toBe(4);
    expect(result.err).toContain('not connected within 2s');
    expect(result.durationMs).toBeLessThan(10_000);
    await seeClean();
  });

  test('what a server drops before the login is tried again; what was sent runs once', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `few-${index}`);
    for (const name of names) await fleet.addHost({ name, sameServerAs: 'few' });
    const runs = join(fleet.dir, 'runs');
    const args = ['--connect-retries', '20', '-t', '60', '-H', names.join(',')];
    const result = parseRun(await run([...args, 'exec', '--json', `echo x >>${runs}; wc -l <${runs}`]));
    expect(result.summary.ok).toBe(12);
    expect(Math.max(...result.results.map(({ attempts }) => attempts))).toBeGreaterThan(1);
    expect(Math.max(...result.results.map(({ stdout }) => Number(stdout)))).toBe(12);
  });

  test('a connection lost right behind the login is made again; what was sent runs once', async () => {
    const { address, port } = fleet.host('host');
    const relay = await startRelay({ address, port: port ?? 0 });
    onTestFinished(() => relay.close());
    const client = [`HostName ${relay.address}`, `Port ${relay.port}`, `HostKeyAlias [${address}]:${port}`];
    await fleet.addHost({ name: 'relayed', sameServerAs: 'host', client });
    const withMasters = (args: readonly string[]) =>
      runCli(['-F', fleet.configPath, ...args], { env: fleet.env });
    relay.cutNextAfter(await bytesOfLogin('relayed', relay, withMasters));
    const mark = join(fleet.dir, 'sent');
    const result = parseRun(await run(['-H', 'relayed', 'exec', '--json', `echo x >>${mark}; cat ${mark}`]));
    expect(result.results[0]).toMatchObject({ status: 'ok', stdout: 'x\n', attempts: 2 });
    await seeClean();
  });

  test('a banner of the server is not taken for what the command said', async () => {
    const args = ['-H', 'banner', 'exec', '--json', 'echo err >&2; echo out'];
    for (let round = 0; round < 5; round += 1)
      expect(parseRun(await run(args)).results[0]).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
  });

  test('a ControlPath of ssh_config is not used, nor made', async () => {
    const file = join(fleet.dir, 'multi_config');
    const socket = join(fleet.dir, 'cm');
    await writeFile(
      file,
      `Host *\n  ControlMaster auto\n  ControlPersist 60\n  ControlPath ${socket}\nInclude ${fleet.configPath}\n`,
    );
    const result = await runCli(['-F', file, '--no-mux', '-H', 'host', 'exec', 'echo $FLEET_HOST'], {
      env: fleet.env,
    });
    expect(result.out).toBe('host: host\n');
    expect((await readdir(fleet.dir)).filter((name) => name.startsWith('cm'))).toEqual([]);
  });

  test('with --transport mux it is refused', async () => {
    const result = await run(['--transport', 'mux', '-H', 'host', 'exec', 'true']);
    expect([result.code, result.err]).toEqual([
      2,
      'pssh-ts: --no-mux and --transport mux exclude each other; leave one out\n',
    ]);
  });

  test('a connection that is lost is disconnected, not the failure of the command', async () => {
    await fleet.addHost({ name: 'doomed' });
    const ended = run(['-H', 'doomed', 'exec', '--json', 'echo begun; sleep 60']);
    await until(async () => (await fleet.log('doomed')).includes('Starting session'), {
      deadlineMs: 20_000,
      what: 'the session',
    });
    await fleet.stopHost('doomed');
    expect(parseRun(await ended).results[0]).toMatchObject({
      status: 'disconnected',
      error: { code: 'ERR_DISCONNECTED' },
    });
  });
});

describe('the kill guarantee without a master', () => {
  const begin = (sleeps: Sleeps): string =>
    [
      `${sleeps.command(0)} &`,
      `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; ${sleeps.command(1)}" &`,
      `timeout 9797 ${sleeps.command(2)} &`,
      `setsid ${sleeps.command(SETSID)} &`,
      sleeps.command(4),
    ].join('\n');
  const KILLED = [0, 1, 2, 4];

  async function seeRunning(sleeps: Sleeps, rows: readonly number[], count: number): Promise<void> {
    await until(async () => sleeps.running(await sessionTable(), rows, shells.length).length === count, {
      deadlineMs: 30_000,
      everyMs: 50,
      what: `${count} of the commands`,
    });
  }
  const endAtLast = (sleeps: Sleeps): void =>
    onTestFinished(async () => {
      for (const { pid } of sleeps.mentioned(await sessionTable())) signalQuietly(pid, 'SIGKILL');
    });

  test('-u ends all of it in each login shell, but for what left the session', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    const args = ['-H', shells.join(','), 'exec', '-u', '4', '--kill-grace', '1', '--json', begin(sleeps)];
    const result = parseRun(await run(args));
    expect(result.results.map(({ host, status, killed }) => [host, status, killed])).toEqual(
      shells.map((name) => [name, 'timed-out', 'confirmed']),
    );
    await seeRunning(sleeps, KILLED, 0);
    expect(sleeps.running(await sessionTable(), [SETSID], shells.length)).toHaveLength(shells.length);
  });

  test('pssh-ts killed -9: all of it ends', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    let pid = 0;
    const ended = run(['-H', shells.join(','), 'exec', '--kill-grace', '1', begin(sleeps)], {
      onStart: (id) => (pid = id),
    });
    await seeRunning(sleeps, KILLED, KILLED.length * shells.length);
    await seeLeashes(shells.length, () => sessionProcesses(fleet.dir));
    process.kill(pid, 'SIGKILL');
    await ended;
    await seeRunning(sleeps, KILLED, 0);
    expect(sleeps.running(await sessionTable(), [SETSID], shells.length)).toHaveLength(shells.length);
  });

  test.each([
    ['--raw, which sends no mark', 'host', ['--raw', 'sleep 3']],
    ['a forced command', 'forced', ['true']],
  ])('%s: nobody claims that it is dead', async (_, host, words) => {
    const result = parseRun(await run(['-H', host, 'exec', '-u', '1', '--json', ...words]));
    expect(result.results[0]).toMatchObject({ status: 'timed-out', killed: 'unknown' });
  });

  test.each(['0.25', '0.3', '0.35', '0.5'])(
    'a command that ends by itself after %s s does not wait for a leash',
    async (seconds) => {
      const result = parseRun(await run(['-H', 'host', 'exec', '--json', `sleep ${seconds}; echo done`]));
      expect(result.results[0]).toMatchObject({ status: 'ok', killed: null, stdout: 'done\n' });
      await seeClean();
    },
  );
});
