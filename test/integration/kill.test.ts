import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Account, type Accounts, makeAccounts } from '../fleet/accounts.js';
import { startDropbear } from '../fleet/dropbear.js';
import { ensureDropbear } from '../fleet/ensure-dropbear.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { type CliOptions, type CliResult, parseRun, runCli } from './cli.js';
import { leashes, seeLeashes } from './leashes.js';
import { processesOf, type SessionLine, Sleeps, sessionTable } from './session-table.js';

const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];
const GRACE = '1s';
// The guarantee is the grace and two seconds; the machine may have other things to do.
const DEAD_MS = 10_000;

let accounts: Accounts;
let fleet: Fleet;
let nodes: readonly { readonly name: string; readonly account: Account }[];
let all: string;

beforeAll(async () => {
  const shells = ensureShells((line) => console.log(line));
  accounts = makeAccounts(LOGIN_SHELLS.map((name) => [name, shells[name]]));
  nodes = accounts.list.map((account, index) => ({
    name: `${index === 0 ? 'self' : 'user'}-${account.shell}`,
    account,
  }));
  all = nodes.map(({ name }) => name).join(',');
  fleet = await startFleet({
    hosts: nodes.map(({ name, account }, index) => (index === 0 ? { name } : { name, user: account.user })),
  });
}, 300_000);
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
  accounts?.remove();
});

let transport = 'auto';
const run = (args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> =>
  runCli(['-F', fleet.configPath, '--transport', transport, ...args], { env: fleet.env, ...options });

/** Connected beforehand: what a test measures begins with the command. */
const connect = (): Promise<CliResult> => run(['-t', '60', '-H', all, 'exec', 'true']);

/** The end of everything that mentions the sleeps, but for those of the rows that are to live. */
async function seeDead(sleeps: Sleeps, living: readonly number[] = [], sids: readonly number[] = []) {
  const started = performance.now();
  let left: SessionLine[] = [];
  await until(
    async () => {
      const table = await sessionTable();
      const spared = new Set(sleeps.running(table, living, nodes.length).map(({ pid }) => pid));
      const mine = new Set([...sleeps.mentioned(table), ...table.filter(({ sid }) => sids.includes(sid))]);
      // What lives on holds the session's output, and so our end of it: an ssh that outlived a pssh-ts killed -9.
      const isWaiting = (args: string): boolean => living.length > 0 && args.startsWith('ssh ');
      left = [...mine].filter(({ pid, args }) => !spared.has(pid) && !isWaiting(args));
      return left.length === 0;
    },
    { deadlineMs: DEAD_MS, what: 'the end of the commands' },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; left: ${JSON.stringify(left, null, 1)}`);
  });
  return performance.now() - started;
}

/** Each is seen to run once, on a busy machine some after the end of others. */
async function seeBegun(sleeps: Sleeps, rows: readonly number[]): Promise<SessionLine[]> {
  const found = new Map<string, SessionLine>();
  await until(
    async () => {
      for (const line of sleeps.running(await sessionTable(), rows, nodes.length)) found.set(line.args, line);
      return found.size >= rows.length * nodes.length;
    },
    { deadlineMs: 20_000, what: 'all commands to begin' },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; begun: ${[...found.keys()].join(', ')}`);
  });
  return [...found.values()];
}

async function mastersOf(env: NodeJS.ProcessEnv): Promise<number[]> {
  const { out } = await runCli(['masters', 'list', '--json'], { env });
  return (JSON.parse(out) as { masters: { pid: number }[] }).masters.map(({ pid }) => pid);
}

/** Kills at its end what the test let live. */
function endAtLast(sleeps: Sleeps): void {
  onTestFinished(async () => {
    for (const { pid } of sleeps.mentioned(await sessionTable())) signalQuietly(pid, 'SIGKILL');
  });
}

const SETSID = 5;
const ROWS = [0, 1, 2, 3, 4, SETSID, 6];

/** Every kind of process at once, in words that all login shells read alike. */
function manyKinds(sleeps: Sleeps): string {
  return [
    `${sleeps.command(0)} &`,
    `timeout 9797 ${sleeps.command(1)} &`,
    `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; while :; do ${sleeps.command(2)}; done" &`,
    `nohup ${sleeps.command(3)} >/dev/null &`,
    `sh -c "${sleeps.command(4)} | cat" &`,
    `setsid ${sleeps.command(SETSID)} &`,
    // With -I cat waits for more input, without it ends at once; the sleep stays either way.
    `cat | ${sleeps.command(6)}`,
  ].join('\n');
}

const TRIGGERS = ['timeout', 'INT', 'kill -9 of pssh-ts', 'kill -9 of the masters'] as const;
const INPUTS = [
  { input: 'closed', args: [], holdInput: false },
  { input: 'open', args: ['-I'], holdInput: true },
] as const;

describe.each(['mux', 'process'])('over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  describe.each(TRIGGERS)('%s', (trigger) => {
    beforeEach(connect);

    test.each(INPUTS)(
      'ends all of the command on every account, stdin $input',
      async ({ args, holdInput }) => {
        const sleeps = new Sleeps();
        endAtLast(sleeps);
        const limit = trigger === 'timeout' ? ['-u', '2s'] : [];
        let pid = 0;
        const ended = run(
          ['-H', all, 'exec', ...args, ...limit, '--kill-grace', GRACE, '--json', manyKinds(sleeps)],
          {
            holdInput,
            input: holdInput ? 'some input\n' : '',
            onStart: (id) => (pid = id),
          },
        );
        const begun = await seeBegun(sleeps, ROWS);
        const own = sleeps.running(begun, [SETSID], nodes.length);
        const sids = [...new Set(begun.filter((line) => !own.includes(line)).map(({ sid }) => sid))];
        expect(sids).toHaveLength(nodes.length);
        if (trigger.startsWith('kill')) await seeLeashes(nodes.length, () => sessionProcesses(fleet.dir));
        if (trigger === 'INT') process.kill(pid, 'SIGINT');
        else if (trigger === 'kill -9 of pssh-ts') process.kill(pid, 'SIGKILL');
        else if (trigger === 'kill -9 of the masters')
          for (const master of await mastersOf(fleet.env)) process.kill(master, 'SIGKILL');
        const result = await ended;
        await seeDead(sleeps, [SETSID], sids);
        const pids = (lines: readonly SessionLine[]): number[] => lines.map((line) => line.pid).sort();
        expect(pids(sleeps.running(await sessionTable(), [SETSID], nodes.length))).toEqual(pids(own));
        for (const { pid } of own) process.kill(pid, 'SIGKILL');
        await seeDead(sleeps);

        if (trigger === 'kill -9 of pssh-ts') return;
        const expected = {
          timeout: { code: 3, status: 'timed-out', killed: 'confirmed' },
          INT: { code: 130, status: 'canceled', killed: 'confirmed' },
          'kill -9 of the masters': { code: 4, status: 'disconnected', killed: null },
        }[trigger];
        expect(result.code).toBe(expected.code);
        const { status, killed } = expected;
        expect(parseRun(result).results.map((entry) => [entry.host, entry.status, entry.killed])).toEqual(
          nodes.map(({ name }) => [name, status, killed]),
        );
      },
    );
  });

  describe('a command of one kind', () => {
    const KINDS: readonly (readonly [kind: string, (sleeps: Sleeps) => string])[] = [
      ['a plain sleep', (sleeps) => sleeps.command(0)],
      ['what timeout runs', (sleeps) => `timeout 97 ${sleeps.command(0)}`],
      [
        'one that ignores TERM',
        (sleeps) => `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; ${sleeps.command(0)}"`,
      ],
      ['a child in the background', (sleeps) => `${sleeps.command(0)} &\nwait`],
      ['a pipeline', (sleeps) => `${sleeps.command(0)} | cat | cat`],
      // Whoever forks all the time has a child that no snapshot shows.
      [
        'a loop that ignores TERM and forks',
        (sleeps) => `${sleeps.command(0)} | sh -c "trap '' TERM; while :; do sleep 0.01; done"`,
      ],
    ];
    beforeAll(connect);

    test('what a terminal runs is dead after -u', async () => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const text = `sh -c "trap '' TERM HUP; ${sleeps.command(0)}" &\n${sleeps.command(1)}`;
      const ended = run(['-H', all, 'exec', '--tty', '-u', '2s', '--kill-grace', GRACE, '--json', text]);
      await seeBegun(sleeps, [0, 1]);
      const result = await ended;
      await seeDead(sleeps);
      expect(parseRun(result).results.map(({ status, killed }) => [status, killed])).toEqual(
        nodes.map(() => ['timed-out', 'confirmed']),
      );
    });

    test.each(KINDS)('%s is dead after -u', async (_kind, text) => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const ended = run(['-H', all, 'exec', '-u', '1s', '--kill-grace', GRACE, '--json', text(sleeps)]);
      const begun = await seeBegun(sleeps, [0]);
      const result = await ended;
      await seeDead(
        sleeps,
        [],
        begun.map(({ sid }) => sid),
      );
      expect(parseRun(result).results.map(({ status, killed }) => [status, killed])).toEqual(
        nodes.map(() => ['timed-out', 'confirmed']),
      );
      expect(result.code).toBe(3);
    });
  });

  describe('one host', () => {
    let one: string;
    beforeAll(async () => {
      one = nodes[0]?.name ?? '';
      await run(['-H', one, 'exec', 'true']);
    });
    const exec = (args: readonly string[], options?: Partial<CliOptions>) =>
      run(['-H', one, 'exec', '--kill-grace', GRACE, '--json', ...args], options);

    test('what a command says when it is told to end is still heard', async () => {
      const text = `trap 'echo cleaned up; exit 0' TERM; echo begun; while :; do sleep 0.1; done`;
      const [result] = parseRun(await exec(['-u', '1s', text])).results;
      expect(result).toMatchObject({
        status: 'timed-out',
        killed: 'confirmed',
        stdout: 'begun\ncleaned up\n',
      });
    });

    test('output that comes without end is cut off at the kill, and what had come is kept', async () => {
      const result = await exec(['-u', '1s', '--max-output', '1000', 'echo begun; yes']);
      const [entry] = parseRun(result).results;
      expect(entry).toMatchObject({ status: 'timed-out', killed: 'confirmed', truncated: true });
      expect(entry?.stdout.startsWith('begun\ny\n')).toBe(true);
      expect(result.durationMs).toBeLessThan(10_000);
    });

    test('a second command that takes too long is ended, and what the first left behind lives on', async () => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const commands = [`${sleeps.command(0)} >/dev/null 2>&1 & sleep 0.5`, sleeps.command(1), 'echo never'];
      const ended = exec(['-u', '2s', ...commands.flatMap((text) => ['-c', text])]);
      const { results } = parseRun(await ended);
      expect(results.map(({ status, killed }) => [status, killed])).toEqual([
        ['ok', null],
        ['timed-out', 'confirmed'],
        ['skipped', null],
      ]);
      const table = await sessionTable();
      expect(sleeps.mentioned(table).map(({ args }) => args)).toEqual([
        `${sleeps.command(0).replace('$PSSH_NODENUM', '0')}`,
      ]);
    });

    // The leash is opened after 300 ms: it may come while the command ends, or just after.
    test.each(name === 'mux' ? ['0.25', '0.3', '0.32', '0.35', '0.4'] : ['0.32'])(
      'a command that ends by itself after %s s is ok',
      async (seconds) => {
        const sleeps = new Sleeps();
        endAtLast(sleeps);
        const text = `${sleeps.command(0)} >/dev/null 2>&1 & sleep ${seconds}; echo done`;
        const result = parseRun(await exec([text])).results[0];
        expect(result).toMatchObject({ status: 'ok', killed: null, stdout: 'done\n' });
        expect(sleeps.running(await sessionTable(), [0], 1)).toHaveLength(1);
      },
    );

    test.each(name === 'mux' ? ['0.95', '1', '1.05'] : ['1'])(
      'a command that ends after %s s with -u 1s: ended either way',
      async (seconds) => {
        const result = await exec(['-u', '1s', `sleep ${seconds}`]);
        const [entry] = parseRun(result).results;
        expect([
          ['ok', null],
          ['timed-out', 'confirmed'],
        ]).toContainEqual([entry?.status, entry?.killed]);
        expect(result.code).toBe(entry?.status === 'ok' ? 0 : 3);
      },
    );

    test('--on-disconnect leave lets the command live when pssh-ts is killed -9', async () => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      let pid = 0;
      const ended = exec(['--on-disconnect', 'leave', `sleep 0.5; ${sleeps.command(0)}`], {
        onStart: (id) => (pid = id),
      });
      // By then a leash would be there.
      await until(async () => sleeps.running(await sessionTable(), [0], 1).length === 1, {
        deadlineMs: 20_000,
        what: 'the command',
      });
      expect((await leashes(await sessionProcesses(fleet.dir))).all).toEqual([]);
      process.kill(pid, 'SIGKILL');
      await ended;
      const [master] = await mastersOf(fleet.env);
      expect(sleeps.running(await sessionTable(), [0], 1)).toHaveLength(1);
      if (master !== undefined) process.kill(master, 'SIGKILL');
      expect(sleeps.running(await sessionTable(), [0], 1)).toHaveLength(1);
    });

    test('--on-disconnect leave still ends what takes too long', async () => {
      const result = await exec(['--on-disconnect', 'leave', '-u', '1s', 'sleep 60']);
      expect(parseRun(result).results[0]).toMatchObject({ status: 'timed-out', killed: 'confirmed' });
    });
  });

  describe('a host that gives no leash', () => {
    test('a forced command: it is given up, and nobody claims that it is dead', async () => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const forced = sleeps.command(0).replace('$PSSH_NODENUM', '0');
      await fleet.addHost({ name: `forced-${name}`, sshd: [`ForceCommand ${forced}`] });
      const result = await run([
        '-H',
        `forced-${name}`,
        'exec',
        '-u',
        '1s',
        '--kill-grace',
        GRACE,
        '--json',
        'true',
      ]);
      expect(parseRun(result).results[0]).toMatchObject({ status: 'timed-out', killed: 'unknown' });
      expect(result.code).toBe(3);
      expect(result.durationMs).toBeLessThan(20_000);
    });

    test('a forced command that ends by itself does not wait for a leash', async () => {
      await fleet.addHost({ name: `short-${name}`, sshd: [`ForceCommand sleep 0.6; cat`] });
      const result = await run(['-H', `short-${name}`, 'exec', '--json', 'true']);
      expect(parseRun(result).results[0]).toMatchObject({ status: 'ok', killed: null });
      expect(result.durationMs).toBeLessThan(5_000);
    });

    test('a leash that does not answer in time goes on by itself, and its result stays unknown', async () => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      const slow = join(fleet.dir, 'slow');
      await writeFile(join(fleet.dir, 'ps'), `#!/bin/sh\ntest -e ${slow} && sleep 3.5\nexec /bin/ps "$@"\n`, {
        mode: 0o755,
      });
      await fleet.addHost({ name: `slow-${name}`, sshd: [`SetEnv PATH=${fleet.dir}:/usr/bin:/bin`] });
      const text = `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; ${sleeps.command(0)}"`;
      const ended = run(['-H', `slow-${name}`, 'exec', '-u', '2s', '--kill-grace', GRACE, '--json', text]);
      await seeLeashes(1, () => sessionProcesses(fleet.dir, `slow-${name}`));
      await writeFile(slow, '');
      const [result] = parseRun(await ended).results;
      await rm(slow);
      expect(result).toMatchObject({ status: 'timed-out', killed: 'unknown' });
      await seeDead(sleeps);
    });

    if (name === 'mux') {
      test('MaxSessions 1, an account that OpenSSH lets signal: TERM and KILL end it all the same', async () => {
        const account = accounts.list.findLast(({ shell }) => shell === 'sh') ?? accounts.list.at(-1);
        const user = account?.user;
        const login = user === undefined || user === accounts.list[0]?.user ? {} : { user };
        await fleet.addHost({ name: 'signal', sshd: ['MaxSessions 1'], ...login });
        // At first its cap is not known, and the leash is refused; then none is asked for.
        for (const _ of ['refused', 'known']) {
          for (const begin of ['', "trap '' TERM\n"]) {
            const sleeps = new Sleeps();
            endAtLast(sleeps);
            const words = `${begin}echo begun\n${sleeps.command(0)} | ${sleeps.command(1)}`;
            const args = ['-H', 'signal', 'exec', '-u', '1s', '--kill-grace', GRACE, '--json', words];
            expect(parseRun(await run(args)).results[0]).toMatchObject({
              status: 'timed-out',
              killed: 'unknown',
              stdout: 'begun\n',
            });
            await seeDead(sleeps);
          }
        }
      });
    }

    test('MaxSessions 1: the result is there, and nobody claims that the command is dead', async () => {
      const sleeps = new Sleeps();
      endAtLast(sleeps);
      await fleet.addHost({ name: `lone-${name}`, sshd: ['MaxSessions 1'] });
      const result = await run([
        '-H',
        `lone-${name}`,
        'exec',
        '-u',
        '1s',
        '--kill-grace',
        GRACE,
        '--json',
        `echo begun; ${sleeps.command(0)}`,
      ]);
      expect(parseRun(result).results[0]).toMatchObject({
        status: 'timed-out',
        killed: 'unknown',
        stdout: 'begun\n',
      });
      expect(result.code).toBe(3);
      const again = await run(['-H', `lone-${name}`, 'exec', '--json', 'echo again']);
      expect(parseRun(again).results[0]).toMatchObject({ status: 'ok', stdout: 'again\n' });
    });
  });

  // Only root can serve others, and only then dropbear serves at all.
  if (process.getuid?.() === 0) {
    describe('dropbear, which answers a signal wrongly and has one session for a connection', () => {
      let user: string;
      let dropbear: Awaited<ReturnType<typeof startDropbear>>;
      beforeAll(async () => {
        const program = ensureDropbear((line) => console.log(line));
        const account = accounts.list.find(({ shell }) => shell === 'sh');
        if (account === undefined) throw new Error('no account with sh');
        user = account.user;
        dropbear = await startDropbear(program, `drop-${name}`, fleet, account);
        await exec(['true']);
      }, 300_000);
      afterAll(() => dropbear?.stop());

      const exec = (args: readonly string[], options: Partial<CliOptions> = {}) =>
        runCli(
          [
            '-F',
            dropbear.configPath,
            '--transport',
            name,
            '-H',
            `drop-${name}`,
            'exec',
            '--json',
            '--kill-grace',
            GRACE,
            ...args,
          ],
          {
            env: fleet.env,
            ...options,
          },
        );

      test.each(TRIGGERS)('%s ends all of the command', async (trigger) => {
        const sleeps = new Sleeps();
        endAtLast(sleeps);
        const rows = [0, 1, 2, SETSID];
        const text = [
          `${sleeps.command(0)} &`,
          `timeout 9797 ${sleeps.command(1)} &`,
          `setsid ${sleeps.command(SETSID)} &`,
          `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; ${sleeps.command(2)}"`,
        ].join('\n');
        let pid = 0;
        const ended = exec([...(trigger === 'timeout' ? ['-u', '2s'] : []), text], {
          onStart: (id) => (pid = id),
        });
        await until(async () => sleeps.running(await sessionTable(), rows, 1).length === rows.length, {
          deadlineMs: 20_000,
          what: 'the command to begin',
        });
        if (trigger.startsWith('kill')) await seeLeashes(1, () => processesOf(user));
        if (trigger === 'INT') process.kill(pid, 'SIGINT');
        else if (trigger === 'kill -9 of pssh-ts') process.kill(pid, 'SIGKILL');
        else if (trigger === 'kill -9 of the masters')
          for (const master of await mastersOf(fleet.env)) process.kill(master, 'SIGKILL');
        const result = await ended;
        await seeDead(sleeps, [SETSID]);
        expect(sleeps.running(await sessionTable(), [SETSID], 1)).toHaveLength(1);
        if (trigger === 'timeout' || trigger === 'INT')
          expect(parseRun(result).results[0]).toMatchObject({ killed: 'confirmed' });
      });
    });
  }
});
