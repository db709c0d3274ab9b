import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { listProcesses, sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { jobsFaults } from '../unit/sinks/schema.js';
import { type CliOptions, type CliResult, parseRun, runCli } from './cli.js';

const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];
const NODES = ['node1', 'node2', 'node3', 'node4', 'node5'];
const ALL = 'node[1-5]';
const LONG_MS = 30_000;

let accounts: Accounts;
let fleet: Fleet;
let shellNodes: readonly string[];
/** Each host's home. */
const homes = new Map<string, string>();

beforeAll(async () => {
  const shells = ensureShells((line) => console.log(line));
  accounts = makeAccounts(LOGIN_SHELLS.map((name) => [name, shells[name]]));
  const others = accounts.list.slice(1).map(({ user, shell }) => ({ name: `user-${shell}`, user }));
  shellNodes = others.length === 0 ? ['node1'] : others.map(({ name }) => name);
  fleet = await startFleet({ hosts: [...NODES.map((name) => ({ name })), ...others] });
  const all = [...NODES, ...others.map(({ name }) => name)];
  const told = parseRun(await run(['-H', all.join(','), 'exec', '--json', 'echo $HOME']));
  for (const { host, stdout } of told.results) homes.set(host, stdout.trim());
  for (const { name, user } of others) execFileSync('chown', ['-R', user, homeOf(name)]);
}, 300_000);
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  // What each test ends for itself; none of it may be left.
  const left = fleet === undefined ? [] : await runners();
  if (fleet !== undefined)
    await until(async () => (await sessionProcesses(fleet.dir)).length === 0, {
      deadlineMs: LONG_MS,
      what: 'the end of all that was started on the hosts',
    });
  await fleet?.stop();
  accounts?.remove();
  expect(left).toEqual([]);
});

let transport = 'auto';
let names = 0;
let job = '';
beforeEach(() => {
  names += 1;
  job = `job-${names}`;
});

const run = (args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> =>
  runCli(['-F', fleet.configPath, '--transport', transport, '-t', '60', ...args], {
    env: fleet.env,
    cwd: fleet.dir,
    ...options,
  });
const start = (hosts: string, text: string, ...more: readonly string[]): Promise<CliResult> =>
  run(['-H', hosts, 'exec', ...more, '--detach', job, text]);
const jobs = (hosts: string, verb: string, ...more: readonly string[]): Promise<CliResult> =>
  run(['-H', hosts, 'jobs', verb, ...more]);
const homeOf = (node: string): string => homes.get(node) ?? '';
const folderOf = (node: string, name = job): string => join(homeOf(node), '.local/state/pssh-ts/jobs', name);
const fileOf = (node: string, file: string): string => readFileSync(join(folderOf(node), file), 'utf8');
const endings = (result: CliResult) =>
  parseRun(result).results.map(({ host, status, exitCode, signal }) => [host, status, exitCode, signal]);

/** Lets commands that wait for it go on. */
const open = (gate: string): void => {
  for (const node of NODES) writeFileSync(join(homeOf(node), gate), '');
};
const awaiting = (gate: string): string => `while test ! -e $HOME/${gate}; do sleep 0.1; done`;

async function runners(): Promise<readonly string[]> {
  const lines = await listProcesses();
  return lines.flatMap(({ args }) => (args.includes('/runner"') && args.includes(fleet.dir) ? [args] : []));
}

interface Listed {
  readonly host: string;
  readonly name: string;
  readonly state: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  readonly pid: number;
}
async function listed(hosts: string): Promise<readonly Listed[]> {
  const result = await jobs(hosts, 'list', job, '--json');
  expect(result.err).toBe('');
  expect(jobsFaults(JSON.parse(result.out))).toBe('');
  return (JSON.parse(result.out) as { jobs: Listed[] }).jobs;
}

/** The end of a job that a test let live. */
const killAtLast = (hosts: string, name = job): void =>
  onTestFinished(async () => {
    await jobs(hosts, 'kill', name, '--kill-grace', '0.2');
  });

async function connections(): Promise<readonly number[]> {
  const { out } = await runCli(['masters', 'list', '--json'], { env: fleet.env });
  return (JSON.parse(out) as { masters: { pid: number }[] }).masters.map(({ pid }) => pid);
}

/** The servers' processes for their connections, not the servers themselves. */
async function serverSessions(): Promise<readonly number[]> {
  const lines = await listProcesses();
  const servers = new Set(
    lines.flatMap(({ pid, args }) => (args.includes('sshd') && args.includes(fleet.dir) ? [pid] : [])),
  );
  const children = lines.filter(({ ppid }) => servers.has(ppid)).map(({ pid }) => pid);
  const grand = lines.filter(({ ppid }) => children.includes(ppid)).map(({ pid }) => pid);
  return [
    ...children,
    ...grand.filter((pid) => lines.some((one) => one.pid === pid && /^sshd/.test(one.args))),
  ];
}

describe.each(['mux', 'process'])('over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  test('a job on five hosts outlives pssh-ts, all masters and their servers: a fresh wait has all five statuses', async () => {
    const gate = `go-${job}`;
    const text = [
      awaiting(gate),
      'case $PSSH_NODENUM in 0) exit 0;; 1) exit 7;; 2) kill -KILL $$;; 3) exit 255;; 4) exit 137;; esac',
    ].join('; ');
    const started = await start(ALL, text, '--json');
    expect(started.code).toBe(0);
    expect(endings(started)).toEqual(NODES.map((node) => [node, 'ok', 0, null]));
    let pid = 0;
    const told = ['', ''];
    const wait = (place: number, onStart?: (id: number) => void) =>
      run(['-H', ALL, 'jobs', 'wait', job, '--ndjson'], {
        onOutput: (piece) => {
          told[place] += piece;
        },
        ...(onStart === undefined ? {} : { onStart }),
      });
    const first = wait(0);
    const killed = wait(1, (id) => (pid = id));
    // Each host's, not the job's own processes, of which there are as many.
    const begun = (text: string): boolean => text.split('"type":"started"').length > NODES.length;
    await until(async () => told.every(begun), { deadlineMs: LONG_MS, what: 'the waits to begin' });
    process.kill(pid, 'SIGKILL');
    const masters = await connections();
    expect(masters.length).toBeGreaterThanOrEqual(NODES.length);
    for (const master of masters) signalQuietly(master, 'SIGKILL');
    for (const server of await serverSessions()) signalQuietly(server, 'SIGKILL');
    await killed;
    expect((await listed(ALL)).map(({ state }) => state)).toEqual(NODES.map(() => 'running'));
    open(gate);
    const fresh = await jobs(ALL, 'wait', job, '--json');
    expect(endings(fresh)).toEqual([
      ['node1', 'ok', 0, null],
      ['node2', 'failed', 7, null],
      ['node3', 'signaled', null, 'KILL'],
      ['node4', 'failed', 255, null],
      ['node5', 'failed', 137, null],
    ]);
    expect(fresh.code).toBe(3);
    // The one that lost its connections found its way back.
    const back = await first;
    expect(back.code).toBe(3);
    expect(back.err).toContain('the connection is lost; trying again');
    expect(back.err).toContain('signaled: node3: killed by SIGKILL');
  });

  test('kill ends the whole session on each host, children that ignore TERM among them', async () => {
    const text = [
      `sh -c "trap '' TERM; while :; do sleep 1; done" &`,
      'nohup sleep 9871 >/dev/null 2>&1 &',
      'timeout 9872 sleep 9873 &',
      'sleep 9874 | cat',
    ].join('\n');
    killAtLast(ALL);
    expect((await start(ALL, text)).code).toBe(0);
    await until(async () => (await sessionProcesses(fleet.dir)).length >= 6 * NODES.length, {
      deadlineMs: LONG_MS,
      what: 'the children',
    });
    const result = await jobs(ALL, 'kill', job, '--kill-grace', '0.5', '--json');
    expect(parseRun(result).results.map(({ status, killed }) => [status, killed])).toEqual(
      NODES.map(() => ['ok', 'confirmed']),
    );
    expect(result.code).toBe(0);
    const lines = await listProcesses();
    expect(lines.filter(({ args }) => /sleep 987\d/.test(args))).toEqual([]);
    expect(await runners()).toEqual([]);
    for (const { state, signal } of await listed(ALL)) {
      expect(state).toBe('ended');
      expect(['TERM', 'KILL']).toContain(signal);
    }
    const again = await jobs('node1', 'kill', job);
    expect(again.code).toBe(0);
    expect(again.err).toContain(`node1: the job ${job} had ended before`);
  });

  test('of two that start a job of one name at once one is refused', async () => {
    killAtLast('node1');
    const both = await Promise.all([
      start('node1', 'sleep 9881', '--json'),
      start('node1', 'sleep 9881', '--json'),
    ]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 5]);
    const refused = both.find(({ code }) => code === 5);
    expect(refused?.out).toContain(`a job ${job} runs already`);
    expect(refused === undefined ? null : parseRun(refused).results[0]?.error?.code).toBe('ERR_JOB');
    const lines = await listProcesses();
    expect(lines.filter(({ args }) => args === 'sleep 9881')).toHaveLength(1);
    await jobs('node1', 'kill', job);
    const ended = await start('node1', 'true');
    expect(ended.code).toBe(5);
    expect(ended.err).toContain(`there is a job ${job} that has ended`);
  });

  test('logs -f follows both streams to the end, and over a lost connection gives nothing twice', async () => {
    const gate = `go-${job}`;
    const text = `seq 1 500; echo first >&2; printf 'half '; ${awaiting(gate)}; echo line; seq 501 900; echo last >&2; exit 4`;
    killAtLast('node1');
    expect((await start('node1', text)).code).toBe(0);
    let seen = '';
    const following = run(['-H', 'node1', 'jobs', 'logs', '-f', job, '-N'], {
      onOutput: (piece) => (seen += piece),
    });
    await until(() => seen.includes('\n500\n'), { deadlineMs: LONG_MS, what: 'the first half' });
    for (const master of await connections()) signalQuietly(master, 'SIGKILL');
    open(gate);
    const result = await following;
    expect(result.code).toBe(0);
    const numbers = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, place) => `${from + place}\n`).join('');
    expect(result.out).toBe(`${numbers(1, 500)}half line\n${numbers(501, 900)}`);
    expect(result.err).toMatch(/^first\n[\s\S]*last\n/);
    const whole = await jobs('node1', 'logs', job, '--json');
    expect(parseRun(whole).results).toMatchObject([
      { status: 'ok', stdout: result.out, stderr: 'first\nlast\n' },
    ]);
    expect(endings(await jobs('node1', 'wait', job, '--json'))).toEqual([['node1', 'failed', 4, null]]);
  });

  test('a job whose session was killed -9 as a whole tells that it died', async () => {
    expect((await start('node1', 'sleep 9891 & sleep 9892')).code).toBe(0);
    await until(async () => (await sessionProcesses(fleet.dir, 'node1')).length >= 4, {
      deadlineMs: LONG_MS,
      what: 'the job',
    });
    const [found] = await listed('node1');
    const waiting = jobs('node1', 'wait', job, '--json');
    const table = execFileSync('ps', ['-A', '-o', 'pid=,sid='], { encoding: 'utf8' });
    const session = table
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    for (const [pid, sid] of session)
      if (sid === found?.pid && pid !== undefined) signalQuietly(pid, 'SIGKILL');
    const result = await waiting;
    expect(parseRun(result).results).toMatchObject([
      { status: 'failed', exitCode: null, error: { code: 'ERR_JOB' } },
    ]);
    expect(result.code).toBe(5);
    expect(result.out).toContain('the job died without leaving a status');
    expect(await listed('node1')).toMatchObject([{ state: 'died', reason: 'killed', exitCode: null }]);
    expect((await jobs('node1', 'list', job)).out).toMatch(/^node1 +\S+ +it was killed/m);
    expect((await jobs('node1', 'clean', job)).code).toBe(0);
    expect(await listed('node1')).toEqual([]);
  });
});

describe('over auto', () => {
  beforeAll(() => {
    transport = 'auto';
  });

  test('five login shells run the same job: variables, folder, awkward words, both streams', async () => {
    const hosts = shellNodes.join(',');
    const text = `echo "$PSSH_HOST $A $PWD" && sh -c 'echo "it is $HOME 100%" >&2; exit 6'`;
    const result = await start(hosts, text, '--env', "A=b c 'd' \\!", '--cwd', '/tmp');
    expect(result.err).toContain('ok in');
    const waited = await jobs(hosts, 'wait', job, '--json');
    expect(endings(waited)).toEqual(shellNodes.map((node) => [node, 'failed', 6, null]));
    const logs = parseRun(await jobs(hosts, 'logs', job, '--json'));
    for (const { host, stdout } of logs.results) expect(stdout).toBe(`${host} b c 'd' \\! /tmp\n`);
    const direct = await run(['-H', hosts, 'exec', '--json', '--env', 'A=x', '--cwd', '/tmp', text]);
    expect(logs.results.map(({ stderr }) => stderr)).toEqual(
      parseRun(direct).results.map(({ stderr }) => stderr),
    );
    expect((await jobs(hosts, 'clean', job)).code).toBe(0);
  });

  test('a command of nearly the longest length arrives whole', async () => {
    const long = 'x'.repeat(120_000);
    expect((await start('node1', `echo ${long} | wc -c`)).code).toBe(0);
    expect((await jobs('node1', 'wait', job)).code).toBe(0);
    expect(fileOf('node1', 'stdout').trim()).toBe('120001');
  });

  test('the folder is its owner’s alone; the command has the umask and the signals of the login', async () => {
    const text = 'umask; touch made-here; trap; sh -c "kill -INT \\$\\$; echo lived"';
    expect((await start('node1', text)).code).toBe(0);
    expect(endings(await jobs('node1', 'wait', job, '--json'))).toEqual([['node1', 'signaled', null, 'INT']]);
    const umask = parseRun(await run(['-H', 'node1', 'exec', '--json', 'umask'])).results[0]?.stdout ?? '';
    expect(fileOf('node1', 'stdout')).toBe(umask);
    expect(statSync(folderOf('node1')).mode & 0o777).toBe(0o700);
    expect(existsSync(join(folderOf('node1'), 'text'))).toBe(false);
    for (const file of ['stdout', 'stderr', 'status', 'record', 'command'])
      expect(statSync(join(folderOf('node1'), file)).mode & 0o777).toBe(0o600);
  });

  test('a process id that is another’s by now is neither taken for the job nor killed', async () => {
    killAtLast('node2');
    expect((await start('node1,node2', 'sleep 9861')).code).toBe(0);
    const [one, two] = await listed('node1,node2');
    // On node1 the job ends, and its id, as far as the record says, is that of the job on node2.
    expect((await jobs('node1', 'kill', job)).code).toBe(0);
    execFileSync('rm', [join(folderOf('node1'), 'status')]);
    const record = fileOf('node1', 'record').replaceAll(String(one?.pid), String(two?.pid));
    expect(record).toContain(String(two?.pid));
    writeFileSync(join(folderOf('node1'), 'record'), record);
    expect(await listed('node1')).toMatchObject([{ state: 'died', reason: 'killed' }]);
    expect((await jobs('node1', 'wait', job)).code).toBe(5);
    const kill = await jobs('node1', 'kill', job, '--json');
    expect(parseRun(kill).results).toMatchObject([{ status: 'ok', killed: null }]);
    expect(await listed('node2')).toMatchObject([{ state: 'running' }]);
  });

  test('after the host was started anew nothing that runs is taken for the job', async () => {
    killAtLast('node1');
    expect((await start('node1', 'sleep 9862')).code).toBe(0);
    const [{ pid = 0 } = {}] = await listed('node1');
    const whole = fileOf('node1', 'record');
    const lines = whole.split('\n');
    expect(lines[3]).not.toBe('');
    lines[3] = 'another-boot';
    writeFileSync(join(folderOf('node1'), 'record'), lines.join('\n'));
    expect(await listed('node1')).toMatchObject([{ state: 'died', reason: 'restarted' }]);
    const waited = await jobs('node1', 'wait', job);
    expect(waited.err).toContain('the host was started anew while it ran');
    expect((await jobs('node1', 'kill', job)).code).toBe(0);
    process.kill(pid, 0);
    writeFileSync(join(folderOf('node1'), 'record'), whole);
    expect(await listed('node1')).toMatchObject([{ state: 'running' }]);
  });

  test('what a killed runner has left is ended too', async () => {
    killAtLast('node1');
    expect((await start('node1', 'sleep 9863 & sleep 9864')).code).toBe(0);
    const sleeps = async () => (await listProcesses()).filter(({ args }) => /^sleep 986[34]$/.test(args));
    await until(async () => (await sleeps()).length === 2, { deadlineMs: LONG_MS, what: 'the sleeps' });
    const [{ pid = 0 } = {}] = await listed('node1');
    process.kill(pid, 'SIGKILL');
    await until(async () => (await listed('node1'))[0]?.state === 'died', {
      deadlineMs: LONG_MS,
      what: 'its death',
    });
    const kill = await jobs('node1', 'kill', job, '--json');
    expect(parseRun(kill).results).toMatchObject([{ status: 'ok', killed: 'confirmed' }]);
    expect(await sleeps()).toEqual([]);
  });

  test('wait gives up after --timeout, and the job goes on; clean refuses it until it has ended', async () => {
    killAtLast('node1');
    expect((await start('node1', 'sleep 9865')).code).toBe(0);
    const waited = await jobs('node1', 'wait', job, '--timeout', '1', '--json');
    expect(waited.code).toBe(3);
    expect(parseRun(waited).results).toMatchObject([{ status: 'timed-out', killed: null }]);
    const refused = await jobs('node1', 'clean', job);
    expect(refused.code).toBe(5);
    expect(refused.err).toContain(`the job ${job} runs; end it first`);
    expect(await listed('node1')).toMatchObject([{ state: 'running' }]);
    expect((await jobs('node1', 'kill', job)).code).toBe(0);
    expect((await jobs('node1', 'clean', job)).code).toBe(0);
    const gone = await jobs('node1', 'wait', job);
    expect(gone.code).toBe(5);
    expect(gone.err).toContain(`there is no job ${job}`);
  });

  test('fetch brings stdout, stderr and status of each host', async () => {
    expect((await start('node[1-2]', 'echo out $PSSH_HOST; echo err >&2; exit 9')).code).toBe(0);
    await jobs('node[1-2]', 'wait', job);
    const here = join(fleet.dir, `fetched-${job}`);
    mkdirSync(here);
    const fetched = await run(['-H', 'node[1-2]', 'jobs', 'fetch', job, 'results'], { cwd: here });
    expect(fetched.code).toBe(0);
    for (const node of ['node1', 'node2']) {
      const read = (file: string) => readFileSync(join(here, 'results', node, file), 'utf8');
      expect(read('stdout')).toBe(`out ${node}\n`);
      expect(read('stderr')).toBe('err\n');
      expect(read('status')).toMatch(/^exit 9\n/);
    }
    expect((await run(['-H', 'node1', 'jobs', 'fetch', `${job}-not`], { cwd: here })).code).toBe(5);
  });

  test('without a master it goes too', async () => {
    expect((await run(['-H', 'node1', '--no-mux', 'exec', '--detach', job, 'exit 8'])).code).toBe(0);
    const waited = await run(['-H', 'node1', '--no-mux', 'jobs', 'wait', job, '--json']);
    expect(endings(waited)).toEqual([['node1', 'failed', 8, null]]);
  });

  test('a job killed by a signal of somebody else', async () => {
    expect((await start('node[1-2]', 'test $PSSH_HOST = node1 && kill -SEGV $$; kill -TERM $$')).code).toBe(
      0,
    );
    const waited = await jobs('node[1-2]', 'wait', job, '--json');
    expect(endings(waited)).toEqual([
      ['node1', 'signaled', null, 'SEGV'],
      ['node2', 'signaled', null, 'TERM'],
    ]);
    expect(waited.code).toBe(3);
  });

  test.each([
    ['.hidden', ['exec', '--detach', '.hidden', 'true']],
    ['-x', ['exec', '--detach=-x', 'true']],
    ['a/b', ['exec', '--detach', 'a/b', 'true']],
    ['a b', ['jobs', 'wait', 'a b']],
    ['', ['jobs', 'clean', '']],
    ['..', ['jobs', 'clean', '..']],
    ['ä', ['jobs', 'list', 'ä']],
  ])('%j is no name for a job: exit 2', async (name, args) => {
    const result = await run(['-H', 'node1', ...args]);
    expect(result.code).toBe(2);
    expect(result.err).toContain(`${JSON.stringify(name)} is no name for a job`);
    expect(result.err.trim().split('\n')).toHaveLength(1);
  });

  test.each([
    ['-I', ['-I']],
    ['--tty', ['--tty']],
    ['--timeout', ['-u', '5']],
    ['--fetch', ['--fetch', 'a:b']],
    ['--on-disconnect', ['--on-disconnect', 'kill']],
    ['--health', ['--health', 'true']],
  ])('%s is refused beside --detach', async (flag, args) => {
    const result = await run(['-H', 'node1', 'exec', ...args, '--detach', job, 'true']);
    expect(result.code).toBe(2);
    expect(result.err).toContain(`${flag} and --detach exclude each other`);
  });
});
