import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { startDropbear } from '../fleet/dropbear.js';
import { ensureDropbear } from '../fleet/ensure-dropbear.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { signalQuietly } from '../fleet/processes.js';
import { makeSudoRules, type SudoRules, sudoFolders } from '../fleet/sudo.js';
import { until } from '../fleet/until.js';
import { type CliOptions, type CliResult, parseRun, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';
import { processesOf, type SessionLine, Sleeps, sessionTable } from './session-table.js';

const isRoot = userInfo().uid === 0;
const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];
const GRACE = '1s';
// The guarantee is the grace and two seconds; the machine may have other things to do.
const DEAD_MS = 10_000;
const TRIGGERS = ['timeout', 'INT', 'kill -9 of pssh-ts'] as const;
const SETSID = 4;
const ROWS = [0, 1, 2, 3, SETSID];

let fleet: Fleet;
let accounts: Accounts | null = null;
let rules: SudoRules | null = null;
let users: readonly string[] = [];
let links = '';
let dropbear: Awaited<ReturnType<typeof startDropbear>> | null = null;

beforeAll(async () => {
  if (!isRoot) return;
  const shells = ensureShells((line) => console.log(line));
  accounts = makeAccounts([
    ...['plain', 'pty', 'other', 'drop', 'bash'].map((name) => [name, '/bin/sh'] as const),
    ...LOGIN_SHELLS.map((name) => [name, shells[name]] as const),
  ]);
  users = accounts.list.slice(1).map(({ user }) => user);
  const [plain = '', pty = '', , drop = '', bash = '', ...ofShells] = users;
  // There sh is bash, as on many hosts.
  links = await mkdtemp(join(tmpdir(), 'pt-bin-'));
  await chmod(links, 0o755);
  await symlink(shells.bash, join(links, 'sh'));
  const withLinks = `${links}:/usr/sbin:/usr/bin:/sbin:/bin`;
  rules = makeSudoRules(
    [
      ...[plain, pty, drop, bash, ...ofShells].map((user) => `${user} ALL=(ALL) NOPASSWD: ALL`),
      `Defaults:${plain} !use_pty`,
      `Defaults:${pty} use_pty`,
      `Defaults:${bash} secure_path="${withLinks}"`,
    ],
    (line) => console.log(line),
  );
  fleet = await startFleet({
    hosts: [
      { name: 'plain', user: plain },
      { name: 'pty', user: pty },
      { name: 'bash', user: bash, sshd: [`SetEnv PATH=${withLinks}`] },
      ...LOGIN_SHELLS.map((shell, place) => ({ name: `as-${shell}`, user: ofShells[place] ?? '' })),
      { name: 'lone', user: plain, sshd: ['MaxSessions 1'] },
    ],
  });
  const program = ensureDropbear((line) => console.log(line));
  const account = accounts.list[4];
  if (account === undefined) throw new Error('no account');
  dropbear = await startDropbear(program, 'drop', fleet, account);
}, 300_000);
afterAll(async () => {
  if (!isRoot) return;
  await runCli(['masters', 'close'], { env: fleet.env });
  await dropbear?.stop();
  await fleet.stop();
  rules?.remove();
  expect(folders()).toEqual([]);
  accounts?.remove();
  await rm(links, { recursive: true, force: true });
}, 60_000);

const folders = (): string[] => (accounts === null ? [] : sudoFolders(accounts));

/** Kills at its end what the test let live. */
function endAtLast(sleeps: Sleeps): void {
  onTestFinished(async () => {
    for (const { pid } of sleeps.mentioned(await sessionTable())) signalQuietly(pid, 'SIGKILL');
  });
}

/** Processes that root, or whoever it is, runs for the command: what only the inside of sudo can end. */
async function seeBegun(
  sleeps: Sleeps,
  rows: readonly number[],
  ended: Promise<CliResult>,
): Promise<SessionLine[]> {
  let found: SessionLine[] = [];
  let early: CliResult | null = null;
  void ended.then((result) => {
    early = result;
  });
  await until(
    async () => {
      found = sleeps.running(await sessionTable(), rows, 1);
      return found.length === rows.length || early !== null;
    },
    { deadlineMs: 30_000, what: 'the command to begin' },
  );
  expect(early, 'it has ended before it was seen').toBeNull();
  return found;
}

async function seeDead(sleeps: Sleeps, living: readonly number[] = []): Promise<void> {
  let left: SessionLine[] = [];
  await until(
    async () => {
      const table = await sessionTable();
      const spared = new Set(sleeps.running(table, living, 1).map(({ pid }) => pid));
      left = sleeps
        .mentioned(table)
        .filter(({ pid, args }) => !spared.has(pid) && !(living.length > 0 && args.startsWith('ssh ')));
      return left.length === 0;
    },
    { deadlineMs: DEAD_MS, what: 'the end of the command' },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; left: ${JSON.stringify(left, null, 1)}`);
  });
}

const manyKinds = (sleeps: Sleeps): string =>
  [
    `${sleeps.command(0)} &`,
    `timeout 9797 ${sleeps.command(1)} &`,
    `sh -c "trap '' TERM HUP; exec >/dev/null 2>/dev/null; while :; do ${sleeps.command(2)}; done" &`,
    `nohup ${sleeps.command(3)} >/dev/null 2>&1 &`,
    `setsid ${sleeps.command(SETSID)} >/dev/null 2>&1 </dev/null &`,
    'cat >/dev/null; wait',
  ].join('\n');

describe.runIf(isRoot).each(['mux', 'process', 'plain'])('sudo over %s', (transport) => {
  const way = transport === 'plain' ? ['--no-mux'] : ['--transport', transport];
  const exec = (
    host: string,
    args: readonly string[],
    options: Partial<CliOptions> = {},
  ): Promise<CliResult> => {
    const config = host === 'drop' ? (dropbear?.configPath ?? '') : fleet.configPath;
    const words = ['-F', config, '-t', '40', ...way, '-H', host, 'exec', '--json', '--kill-grace', GRACE];
    return runCli([...words, ...args], { env: fleet.env, ...options });
  };
  const hosts: readonly (readonly [name: string, host: string, more: readonly string[]])[] = [
    ['without a pty', 'plain', ['--sudo']],
    ['use_pty', 'pty', ['--sudo']],
    ['use_pty on a terminal', 'pty', ['--sudo', '--tty']],
    ['another user', 'plain', ['--sudo-user', 'OTHER']],
    ['bash as sh', 'bash', ['--sudo']],
  ];

  describe.each(hosts)('%s', (_, host, more) => {
    test.each(TRIGGERS)('%s ends all of the command', async (trigger) => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const as = more.map((word) => (word === 'OTHER' ? (users[2] ?? '') : word));
      const limit = trigger === 'timeout' ? ['-u', '3s'] : [];
      let pid = 0;
      const ended = exec(host, [...as, ...limit, '-I', manyKinds(sleeps)], {
        input: 'some input\n',
        holdInput: true,
        onStart: (id) => (pid = id),
      });
      const begun = await seeBegun(sleeps, ROWS, ended);
      const own = sleeps.running(begun, [SETSID], 1);
      const user = users[{ plain: 0, pty: 1, bash: 4 }[host] ?? 0] ?? '';
      if (trigger.startsWith('kill')) await seeLeashes(1, () => processesOf(user));
      if (trigger === 'INT') process.kill(pid, 'SIGINT');
      else if (trigger !== 'timeout') process.kill(pid, 'SIGKILL');
      const result = await ended;
      await seeDead(sleeps, [SETSID]);
      expect(sleeps.running(await sessionTable(), [SETSID], 1).map((line) => line.pid)).toEqual(
        own.map((line) => line.pid),
      );
      for (const line of own) signalQuietly(line.pid, 'SIGKILL');
      // On a very busy host a KILL may have come before it was taken away: then the next command does.
      await until(() => folders().length === 0, { deadlineMs: DEAD_MS, what: 'the end of its folder' }).catch(
        () => exec(host, ['--sudo', 'true']),
      );
      expect(folders()).toEqual([]);
      if (trigger === 'kill -9 of pssh-ts') return;
      const { status, killed } = parseRun(result).results[0] ?? {};
      expect([status, killed]).toEqual([trigger === 'timeout' ? 'timed-out' : 'canceled', 'confirmed']);
      expect(result.code).toBe(trigger === 'timeout' ? 3 : 130);
    });
  });

  test('under every login shell', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    const text = [
      `${sleeps.command(0)} &`,
      `timeout 9797 ${sleeps.command(1)} &`,
      `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; ${sleeps.command(2)}"`,
    ].join('\n');
    const hosts = LOGIN_SHELLS.map((shell) => `as-${shell}`);
    const ended = exec(hosts.join(','), ['--sudo', '-u', '4s', text]);
    await until(
      async () => sleeps.running(await sessionTable(), [0, 1, 2], hosts.length).length === 3 * hosts.length,
      { deadlineMs: 30_000, what: 'all commands to begin' },
    );
    const result = await ended;
    await seeDead(sleeps);
    expect(parseRun(result).results.map(({ status, killed }) => [status, killed])).toEqual(
      hosts.map(() => ['timed-out', 'confirmed']),
    );
  });

  test('nothing is said but what the command says, where sh is bash too', async () => {
    for (const host of ['plain', 'bash']) {
      const text = 'echo out; echo err >&2; kill -9 $$';
      const [result] = parseRun(await exec(host, ['--sudo', text])).results;
      expect(result).toMatchObject({ status: 'failed', exitCode: 137, stdout: 'out\n', stderr: 'err\n' });
    }
  });

  test('a command that heeds TERM is dead at once', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    const text = `trap 'echo cleaned up; exit 0' TERM; echo begun; while :; do sleep 0.1; done`;
    const result = await exec('plain', ['--sudo', '--kill-grace', '20s', '-u', '2s', text]);
    expect(parseRun(result).results[0]).toMatchObject({
      status: 'timed-out',
      killed: 'confirmed',
      stdout: 'begun\ncleaned up\n',
    });
    expect(result.durationMs).toBeLessThan(15_000);
  });

  test('what a command that has ended left behind lives on', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    const result = await exec('plain', [
      '--sudo',
      `${sleeps.command(0)} >/dev/null 2>&1 & sleep 0.5; echo done`,
    ]);
    expect(parseRun(result).results[0]).toMatchObject({ status: 'ok', killed: null, stdout: 'done\n' });
    expect(sleeps.running(await sessionTable(), [0], 1)).toHaveLength(1);
  });

  if (transport !== 'plain') {
    test('MaxSessions 1: it is given up, and nobody claims that it is dead', async () => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const result = await exec('lone', ['--sudo', '-u', '2s', sleeps.command(0)]);
      expect(parseRun(result).results[0]).toMatchObject({ status: 'timed-out', killed: 'unknown' });
    });

    test.each(TRIGGERS)('dropbear, which has one session for a connection: %s', async (trigger) => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const rows = [0, 1, SETSID];
      const text = [
        `${sleeps.command(0)} &`,
        `setsid ${sleeps.command(SETSID)} >/dev/null 2>&1 </dev/null &`,
        `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; ${sleeps.command(1)}"`,
      ].join('\n');
      let pid = 0;
      const limit = trigger === 'timeout' ? ['-u', '3s'] : [];
      const ended = exec('drop', ['--sudo', ...limit, text], { onStart: (id) => (pid = id) });
      await seeBegun(sleeps, rows, ended);
      if (trigger.startsWith('kill')) await seeLeashes(1, () => processesOf(users[3] ?? ''));
      if (trigger === 'INT') process.kill(pid, 'SIGINT');
      else if (trigger !== 'timeout') process.kill(pid, 'SIGKILL');
      const result = await ended;
      await seeDead(sleeps, [SETSID]);
      if (trigger !== 'kill -9 of pssh-ts')
        expect(parseRun(result).results[0]).toMatchObject({ killed: 'confirmed' });
    });
  }
});
