import { existsSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { startDropbear } from '../fleet/dropbear.js';
import { ensureDropbear } from '../fleet/ensure-dropbear.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { type CliOptions, type CliResult, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';
import { type SessionLine, Sleeps, sessionTable } from './session-table.js';

const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];
const DEAD_MS = 20_000;

interface Result {
  readonly status: string;
  readonly killed: string | null;
  readonly startedAt: string;
  readonly durationMs: number;
}

let accounts: Accounts;
let fleet: Fleet;
let names: readonly string[];
let dropbear: { readonly configPath: string; stop(): Promise<void> };

beforeAll(async () => {
  const shells = ensureShells((line) => console.log(line));
  accounts = makeAccounts(LOGIN_SHELLS.map((name) => [name, shells[name]]));
  const nodes = accounts.list.map(({ user, shell }, index) =>
    index === 0 ? { name: 'self' } : { name: `user-${shell}`, user },
  );
  names = nodes.map(({ name }) => name);
  fleet = await startFleet({ hosts: nodes });
  const [, , account] = accounts.list;
  if (account === undefined) throw new Error('no account');
  dropbear = await startDropbear(
    ensureDropbear((line) => console.log(line)),
    'bear',
    fleet,
    account,
  );
}, 300_000);
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await dropbear?.stop();
  await fleet?.stop();
  accounts?.remove();
});

let transport = 'auto';
const run = (args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> =>
  runCli(['-F', dropbear.configPath, '-t', '60', '--transport', transport, ...args], {
    env: fleet.env,
    ...options,
  });
const map = (hosts: string, args: readonly string[], options?: Partial<CliOptions>) =>
  run(['-H', hosts, 'map', '--kill-grace', '1s', ...args], options);

/** Kills at its end what the test let live. */
function endAtLast(sleeps: Sleeps, atEnd = onTestFinished): void {
  atEnd(async () => {
    for (const { pid } of sleeps.mentioned(await sessionTable())) signalQuietly(pid, 'SIGKILL');
  });
}

const asleep = (sleeps: Sleeps, table: readonly SessionLine[]): SessionLine[] =>
  sleeps.mentioned(table).filter(({ args }) => args.startsWith('sleep '));

async function seeAsleep(sleeps: Sleeps, count: number): Promise<SessionLine[]> {
  let found: SessionLine[] = [];
  await until(
    async () => {
      found = asleep(sleeps, await sessionTable());
      return found.length === count;
    },
    { deadlineMs: 40_000, what: `${count} sleeps` },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; there are: ${found.map(({ args }) => args).join(', ')}`);
  });
  return found;
}

/** The sessions are empty, but for what is spared. */
async function seeDead(sids: readonly number[], spared: readonly number[] = []): Promise<void> {
  let left: SessionLine[] = [];
  await until(
    async () => {
      left = (await sessionTable()).filter(({ sid, pid }) => sids.includes(sid) && !spared.includes(pid));
      return left.length === 0;
    },
    { deadlineMs: DEAD_MS, what: 'the end of the tasks' },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; left: ${JSON.stringify(left, null, 1)}`);
  });
}

const sidsOf = (lines: readonly SessionLine[]): number[] => [...new Set(lines.map(({ sid }) => sid))];

/** Several processes of one task, in words that all login shells read alike; four sleeps. */
function family(sleeps: Sleeps, row: number): string {
  return [
    `${sleeps.command(row)} &`,
    `timeout 9797 ${sleeps.command(row + 1)} &`,
    `sh -c "trap '' TERM; exec >/dev/null 2>/dev/null; while :; do ${sleeps.command(row + 2)}; done" &`,
    sleeps.command(row + 3),
  ].join('\n');
}

describe.each(['mux', 'process'])('over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  test.concurrent.for(['self', ...LOGIN_SHELLS.map((shell) => `user-${shell}`), 'bear'])(
    'of two tasks on %s one times out and is gone, the other lives and ends well',
    async (host, { onTestFinished: atEnd }) => {
      const sleeps = new Sleeps();
      endAtLast(sleeps, atEnd);
      // The second slot has a short task first: the one behind it runs while the first is given up.
      const result = await map(host, [
        ...['--slots', '2', '-u', '4s', '--json', 'sh -c {}', ':::'],
        ...[`${sleeps.command(0)} & timeout 9797 ${sleeps.command(1)} & ${sleeps.command(2)}`],
        ...['sleep 2', 'sleep 3.5; exit 0'],
      ]);
      const { results } = JSON.parse(result.out) as { results: (Result & { readonly seq: number })[] };
      const [first, second, third] = [1, 2, 3].map((seq) => results.find((one) => one.seq === seq));
      expect([first?.status, first?.killed]).toEqual(['timed-out', 'confirmed']);
      expect([second?.status, third?.status, third?.killed]).toEqual(['ok', 'ok', null]);
      const start = ({ startedAt = '' }: Partial<Result> = {}): number => Date.parse(startedAt);
      expect(start(third)).toBeLessThan(start(first) + 4000);
      expect(start(third) + (third?.durationMs ?? 0)).toBeGreaterThan(start(first) + 4000);
      expect(asleep(sleeps, await sessionTable())).toEqual([]);
    },
  );

  test('two that time out at once are both gone', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    const trap = (row: number): string => `trap '' TERM; while :; do ${sleeps.command(row)}; done`;
    const result = await map('self', [
      '--slots',
      '2',
      '-u',
      '1s',
      '--json',
      'sh -c {}',
      ':::',
      trap(0),
      trap(1),
    ]);
    const { results } = JSON.parse(result.out) as { results: Result[] };
    expect(results.map(({ status, killed }) => [status, killed])).toEqual([
      ['timed-out', 'confirmed'],
      ['timed-out', 'confirmed'],
    ]);
    expect(asleep(sleeps, await sessionTable())).toEqual([]);
  });

  test.each(['kill -9 of pssh-ts', 'INT'])('%s ends all tasks on all hosts', async (trigger) => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    let pid = 0;
    const tasks = names.flatMap((_, place) => [family(sleeps, place * 8), family(sleeps, place * 8 + 4)]);
    const words = [
      '--slots',
      '2',
      '--json',
      ...(trigger === 'INT' ? [] : ['--workdir', 'host']),
      ':::',
      ...tasks,
    ];
    const ended = map(names.join(','), words, { onStart: (id) => (pid = id) }).catch(() => null);
    const begun = await seeAsleep(sleeps, tasks.length * 4);
    const sids = sidsOf(begun);
    expect(sids).toHaveLength(tasks.length);
    const ours = foldersOf(await sessionTable(), sids);
    expect(ours).toHaveLength(trigger === 'INT' ? 0 : names.length);
    await seeLeashes(names.length, () => sessionProcesses(fleet.dir));
    process.kill(pid, trigger === 'INT' ? 'SIGINT' : 'SIGKILL');
    const result = await ended;
    await seeDead(sids);
    if (trigger === 'INT') {
      expect(result?.code).toBe(130);
      const { results } = JSON.parse(result?.out ?? '') as { results: Result[] };
      expect(results.map(({ status, killed }) => [status, killed])).toEqual(
        tasks.map(() => ['canceled', 'confirmed']),
      );
    } else {
      await until(() => !ours.some((one) => existsSync(one)), {
        deadlineMs: DEAD_MS,
        what: 'the end of the folders',
      });
    }
  });

  test('kill -9 of the masters ends what ran; the tasks are begun anew', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    let pid = 0;
    const ended = map('self', ['--slots', '2', ':::', family(sleeps, 0), family(sleeps, 4)], {
      onStart: (id) => (pid = id),
    });
    const first = await seeAsleep(sleeps, 8);
    await seeLeashes(1, () => sessionProcesses(fleet.dir));
    const { out } = await runCli(['masters', 'list', '--json'], { env: fleet.env });
    for (const master of (JSON.parse(out) as { masters: { pid: number }[] }).masters)
      process.kill(master.pid, 'SIGKILL');
    await seeDead(sidsOf(first));
    const second = await seeAsleep(sleeps, 8);
    expect(second.map((line) => line.pid).some((one) => first.some((line) => line.pid === one))).toBe(false);
    process.kill(pid, 'SIGTERM');
    expect((await ended).code).toBe(143);
    await seeDead(sidsOf(second));
  });

  test('what a finished task left behind lives on', async () => {
    const sleeps = new Sleeps();
    endAtLast(sleeps);
    const text = `${sleeps.command(0)} >/dev/null 2>&1 & sleep 1.5`;
    const result = await map('self', ['-u', '3s', '--json', 'sh -c {}', ':::', text, 'sleep 300']);
    const { results } = JSON.parse(result.out) as { results: Result[] };
    expect(results.map(({ status, killed }) => [status, killed])).toEqual([
      ['ok', null],
      ['timed-out', 'confirmed'],
    ]);
    expect(asleep(sleeps, await sessionTable())).toHaveLength(1);
  });
});

/** Where the tasks of these sessions run, of what is ours. */
function foldersOf(table: readonly SessionLine[], sids: readonly number[]): string[] {
  const places = table
    .filter(({ sid }) => sids.includes(sid))
    .map(({ pid }) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`);
      } catch {
        // It has ended meanwhile.
        return '';
      }
    });
  return [...new Set(places)].filter((place) => /\/pssh-ts-[0-9a-f]{18}$/.test(place));
}
