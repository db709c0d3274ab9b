import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureShells, SHELLS } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { until } from '../fleet/until.js';
import { mapEventFaults, mapFaults } from '../unit/sinks/schema.js';
import { VALUES } from './awkward-values.js';
import { type CliOptions, type CliResult, runCli } from './cli.js';

interface MapDocument {
  readonly command: string;
  readonly exitCode: number;
  readonly summary: Readonly<Record<string, number | boolean>>;
  readonly results: readonly {
    readonly seq: number;
    readonly key: string;
    readonly values: readonly string[];
    readonly host: string | null;
    readonly slot: number | null;
    readonly status: string;
    readonly exitCode: number | null;
    readonly tries: number;
    readonly killed: string | null;
    readonly stdout: string;
    readonly startedAt: string;
    readonly durationMs: number;
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
  readonly hosts: readonly {
    readonly host: string;
    readonly tasks: number;
    readonly out: { readonly status: string; readonly message: string } | null;
  }[];
}

const parseMap = (result: CliResult): MapDocument => {
  const document = JSON.parse(result.out) as MapDocument;
  expect(mapFaults(document)).toBe('');
  return document;
};

const numbers = (count: number): string[] => Array.from({ length: count }, (_, place) => String(place + 1));
const seqs = ({ results }: MapDocument): number[] => results.map(({ seq }) => seq).sort((a, b) => a - b);

let fleet: Fleet;
let accounts: Accounts | undefined;
let here: string;
let scenes = 0;

beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'node1' },
      { name: 'node2' },
      { name: 'node3' },
      { name: 'single', sshd: ['MaxSessions 1'] },
      { name: 'double', sshd: ['MaxSessions 2'] },
      { name: 'dead', kind: 'dead-port' },
      { name: 'silent', kind: 'silent-before-banner' },
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
  accounts?.remove();
});
beforeEach(() => {
  scenes += 1;
  here = join(fleet.dir, `scene${scenes}`);
  mkdirSync(join(here, 'marks'), { recursive: true });
});

let transport = 'auto';
const run = (args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> =>
  runCli(['-F', fleet.configPath, '-t', '60', '--transport', transport, ...args], {
    env: fleet.env,
    cwd: here,
    ...options,
  });
const map = (hosts: string, args: readonly string[], options: Partial<CliOptions> = {}) =>
  run(['-H', hosts, 'map', ...args], options);
/** What each task leaves on the hosts, which have their files in common here: a line each time that it is run. */
const MARK = 'echo {host} >> marks/{}';
const marks = (): Map<string, string[]> =>
  new Map(
    readdirSync(join(here, 'marks')).map((name) => [
      name,
      readFileSync(join(here, 'marks', name), 'utf8')
        .trim()
        .split('\n'),
    ]),
  );
const inHere = (): string[] => ['--workdir', here];

describe.each(['mux', 'process'])('map over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  test('runs every task once, on whichever host is free', async () => {
    const tasks = numbers(60);
    const args = ['--slots', '2', '--json', ...inHere(), `sleep 0.05; ${MARK}; echo out {}`, ':::', ...tasks];
    const result = await map('node[1-3]', args);
    expect([result.code, result.err]).toEqual([0, expect.stringContaining('60 tasks ok on 3 hosts')]);
    const document = parseMap(result);
    expect(document.summary).toMatchObject({ total: 60, ok: 60, known: 0, unread: false });
    expect(seqs(document)).toEqual(tasks.map(Number));
    for (const { values, stdout, tries } of document.results) {
      expect([stdout, tries]).toEqual([`out ${values[0]}\n`, 1]);
    }
    expect([...marks().values()].map((lines) => lines.length)).toEqual(tasks.map(() => 1));
    // Each did a part of the work.
    expect(document.hosts.map(({ tasks: done }) => done > 5)).toEqual([true, true, true]);
    expect(new Set(document.results.map(({ slot }) => slot))).toEqual(new Set([1, 2]));
  });

  test('sources make every combination, the last changing first; lists, files and our input', async () => {
    writeFileSync(join(here, 'list'), 'x\r\ny\n');
    const args = ['-k', 'echo', ':::', 'A', 'B', '::::', 'list', '-', ':::', '1'];
    const result = await map('node[1-3]', args, { input: 'p\nq' });
    expect(result.out).toBe(
      ['A', 'B']
        .flatMap((a) => ['x', 'y'].flatMap((b) => ['p', 'q'].map((c) => `${a} ${b} ${c} 1\n`)))
        .join(''),
    );
    expect(result.code).toBe(0);
  });

  test('without ::: the lines of our input are the values, and tasks begin before it has ended', async () => {
    let pid = 0;
    const seen: string[] = [];
    const running = map('node[1-2]', ['echo got'], {
      input: 'one\ntwo\n',
      holdInput: true,
      onStart: (id) => (pid = id),
      onOutput: (piece) => seen.push(piece),
    });
    await until(() => seen.join('').split('\n').length === 3, { deadlineMs: 30_000, what: 'two tasks' });
    process.kill(pid, 'SIGINT');
    const result = await running;
    expect(result.code).toBe(130);
    expect(result.out.split('\n').sort()).toEqual(['', 'got one', 'got two']);
    expect(result.err).toContain('not all of the input was read');
  });

  test('a value is the command where there is no other', async () => {
    const result = await map('node1', ['-k', ':::', 'echo one; echo two', 'exit 3']);
    expect([result.code, result.out]).toEqual([5, 'one\ntwo\n']);
    expect(result.err).toContain('failed: task 2: exit status 3');
  });

  test('replacement strings stand for what GNU parallel means by them', async () => {
    const command = "echo '{}' {.} {/} {//} {/.} {#} {%} {host} {2} {2/.} {-1}";
    const result = await map('node1', [command, ':::', 'dir.d/a b.tar.gz', ':::', '/x/y.z']);
    expect(result.out).toBe(
      'dir.d/a b.tar.gz /x/y.z dir.d/a b.tar /x/y a b.tar.gz y.z dir.d /x a b.tar y 1 1 node1 /x/y.z y /x/y.z\n',
    );
  });

  test('the variables say which task, slot and host it is', async () => {
    const args = [
      '-k',
      '--env',
      'MORE=a b',
      'echo $PSSH_SEQ $PSSH_SLOT $PSSH_HOST $PSSH_NUMNODES $MORE #',
      ':::',
      'x',
    ];
    expect((await map('node2', args)).out).toBe('1 1 node2 1 a b\n');
  });

  test('--slots auto asks a host for its cores, once', async () => {
    const result = await map('node1', ['-v', '--slots', 'auto', 'true', ':::', ...numbers(5)]);
    expect(result.err).toMatch(/^pssh-ts: node1: connected .*, over (mux|process).*, [1-9]\d* slots?$/m);
    expect(result.code).toBe(0);
  });

  test('more slots than a connection has sessions get another connection', async () => {
    const tasks = numbers(9);
    // Each waits for all nine.
    const command = `: > marks/{}; while test $(ls marks | wc -l) -lt 9; do sleep 0.05; done; echo {%}`;
    const result = await map('node1', ['--slots', '9', '-u', '30', ...inHere(), command, ':::', ...tasks]);
    expect(result.err).toContain('9 tasks ok on 1 host');
    expect(result.out.trim().split('\n').sort()).toEqual(tasks);
  });

  test.each(['single', 'double'])(
    'a server that grants few sessions (%s) does all the same',
    async (host) => {
      const result = await map(host, ['--slots', '4', 'sleep 0.1; echo', ':::', ...numbers(12)]);
      expect(result.err).toContain('12 tasks ok on 1 host');
      expect(
        result.out
          .trim()
          .split('\n')
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(numbers(12).map(Number));
    },
  );

  test('hosts that can not be reached are out, the others do their work; one that connects for long holds nobody', async () => {
    const result = await map('dead,node1,silent', ['--json', 'echo', ':::', ...numbers(20)]);
    expect(result.code).toBe(0);
    const document = parseMap(result);
    expect(document.summary).toMatchObject({ total: 20, ok: 20 });
    expect(document.hosts.map(({ host, tasks, out }) => [host, tasks, out?.status])).toEqual([
      ['dead', 0, 'unreachable'],
      ['node1', 20, undefined],
      ['silent', 0, undefined],
    ]);
    expect(result.durationMs).toBeLessThan(30_000);
  });

  test('no host left: the rest is told of as skipped, and the exit code tells why', async () => {
    const result = await map('dead', ['--json', 'echo', ':::', ...numbers(1500)]);
    expect(result.code).toBe(4);
    const document = parseMap(result);
    expect(document.summary).toMatchObject({ total: 1500, skipped: 1500, ok: 0 });
    expect(document.results[1499]).toMatchObject({ seq: 1500, host: null, status: 'skipped', tries: 0 });
    expect(result.err).toMatch(/^ {2}skipped: tasks 1-1500: not begun$/m);
    expect(result.err).toMatch(/^ {2}out: dead: .*refused/m);
  });

  test('our input is not waited for where no host is left', async () => {
    const result = await map('dead', ['echo'], { input: 'a\n', holdInput: true, deadlineMs: 40_000 });
    expect([result.code, result.err]).toEqual([4, expect.stringContaining('not all of the input was read')]);
  });

  test('--retries tries a task again, on another host where there is one', async () => {
    const command = 'echo {host}; test {host} = node2';
    const result = await map('node1,node2', ['--retries', '1', '--json', command, ':::', ...numbers(6)]);
    const document = parseMap(result);
    expect([result.code, document.summary.ok]).toEqual([0, 6]);
    expect(new Set(document.results.map(({ host, stdout }) => `${host} ${stdout}`))).toEqual(
      new Set(['node2 node2\n']),
    );
    const alone = parseMap(
      await map('node1', ['--retries', '2', '--json', ...inHere(), `${MARK}; false`, ':::', 'x']),
    );
    expect(alone.results[0]).toMatchObject({ status: 'failed', exitCode: 1, tries: 3 });
    expect(marks().get('x')).toHaveLength(3);
  });

  test('--max-host-failures takes a failing host out, and its tasks go elsewhere', async () => {
    const command = `${MARK}; test {host} != node2`;
    const args = ['--max-host-failures', '2', '--json', ...inHere(), command, ':::', ...numbers(30)];
    const result = await map('node[1-3]', args);
    const document = parseMap(result);
    expect([result.code, document.summary.ok, seqs(document).length]).toEqual([0, 30, 30]);
    expect(document.hosts[1]).toMatchObject({ host: 'node2', tasks: 0, out: { status: 'failed' } });
    expect([...marks().values()].flat().filter((host) => host === 'node2')).toHaveLength(2);
    expect(result.err).toContain('node2 is out: 2 tasks in a row failed there');
  });

  test('a host that is good for some tasks keeps its failures', async () => {
    const args = ['--max-host-failures', '2', '--json', 'test $(({} % 2)) = 0', ':::', ...numbers(9)];
    const document = parseMap(await map('node1', args));
    expect(document.summary).toMatchObject({ total: 9, ok: 4, failed: 5 });
    expect(document.hosts[0]?.out).toBeNull();
    const all = parseMap(
      await map('node1', ['--max-host-failures', '2', '--json', 'false', ':::', ...numbers(9)]),
    );
    expect(all.summary).toMatchObject({ total: 9, failed: 2, skipped: 7 });
  });

  test('a value that no login shell reads as one word fails its task alone', async () => {
    const result = await map('node1', ['-0', '-k', '--json', 'echo', '::::', '-'], { input: 'a\0b\nc\0d' });
    expect(parseMap(result).results.map(({ status, error }) => [status, error?.code])).toEqual([
      ['ok', undefined],
      ['failed', 'ERR_TRANSFER'],
      ['ok', undefined],
    ]);
  });

  test('--keep-order, --tag, --line-buffer, --ndjson and --results', async () => {
    const tasks = ['0.4', '0.1', '0.2'];
    const command = 'sleep {}; echo {}; echo e{} >&2';
    const kept = await map('node[1-3]', ['-k', '--tag', command, ':::', ...tasks]);
    expect(kept.out).toBe(tasks.map((value) => `${value}\t${value}\n`).join(''));
    expect(kept.err).toContain('0.1\te0.1\n');
    const lines = await map('node[1-3]', ['--line-buffer', command, ':::', ...tasks]);
    // By their tasks: which host has which is not known.
    const byTask = (a: string, b: string): number =>
      a.slice(a.indexOf('#')).localeCompare(b.slice(b.indexOf('#')));
    expect(lines.out.split('\n').sort(byTask)).toEqual([
      '',
      expect.stringMatching(/^node\d#1: 0\.4$/),
      expect.stringMatching(/^node\d#2: 0\.1$/),
      expect.stringMatching(/^node\d#3: 0\.2$/),
    ]);
    const events = await map('node[1-3]', ['--ndjson', '--results', 'res', command, ':::', ...tasks]);
    const parsed = events.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(parsed.map(mapEventFaults).filter((fault) => fault !== '')).toEqual([]);
    const counts = (type: string): number => parsed.filter((event) => event.type === type).length;
    expect([counts('started'), counts('finished'), counts('summary'), counts('connected')]).toEqual([
      3, 3, 1, 3,
    ]);
    expect(readdirSync(join(here, 'res')).sort()).toEqual([...tasks].sort());
    expect(readFileSync(join(here, 'res', '0.1', 'stdout'), 'utf8')).toBe('0.1\n');
    expect(readFileSync(join(here, 'res', '0.1', 'stderr'), 'utf8')).toBe('e0.1\n');
    expect(JSON.parse(readFileSync(join(here, 'res', '0.1', 'task.json'), 'utf8'))).toMatchObject({
      values: ['0.1'],
      status: 'ok',
      exitCode: 0,
    });
  });

  test('--deadline ends what runs and begins nothing more', async () => {
    await map('node1', ['true', ':::', 'x']);
    const args = [
      '--deadline',
      '6',
      '--kill-grace',
      '1',
      '--json',
      'sleep {}',
      ':::',
      '0',
      '300',
      '301',
      '302',
    ];
    const result = await map('node1', args);
    expect(result.code).toBe(3);
    const { results, summary } = parseMap(result);
    expect(results.map(({ status, killed }) => [status, killed])).toEqual([
      ['ok', null],
      ['timed-out', 'confirmed'],
    ]);
    expect(summary.unread).toBe(true);
  });

  test('a host that dies in the middle: its tasks are run elsewhere, none is lost, none told twice', async () => {
    const victim = `victim-${name}`;
    await fleet.addHost({ name: victim });
    const tasks = numbers(40);
    const args = ['--slots', '2', '--json', ...inHere(), `${MARK}; sleep 0.3`, ':::', ...tasks];
    const running = map(`node1,${victim},node2`, args);
    await until(() => [...marks().values()].flat().filter((host) => host === victim).length >= 3, {
      deadlineMs: 30_000,
      what: 'tasks on the victim',
    });
    await fleet.stopHost(victim);
    const result = await running;
    const document = parseMap(result);
    expect([result.code, document.summary.ok]).toEqual([0, 40]);
    expect(seqs(document)).toEqual(tasks.map(Number));
    expect(document.hosts[1]?.out).not.toBeNull();
    // Two ran there when it died; they were begun anew.
    expect(document.results.filter(({ tries }) => tries > 1).length).toBeGreaterThanOrEqual(1);
    for (const { values, host, tries } of document.results) {
      const ran = marks().get(values[0] ?? '') ?? [];
      expect(ran.at(-1)).toBe(host);
      expect(ran.length).toBeLessThanOrEqual(tries);
    }
  });

  test('a lost master is made anew, and its host works on', async () => {
    await map('node3', ['true', ':::', 'x']);
    const { out } = await runCli(['masters', 'list', '--json'], { env: fleet.env });
    const { masters } = JSON.parse(out) as { masters: { pid: number }[] };
    const pids = masters.filter((one) => JSON.stringify(one).includes('"node3"')).map(({ pid }) => pid);
    const command = `${MARK}; test {} = 4 && test $(wc -l < marks/4) = 1 && sleep 20; true`;
    const running = map('node3', ['--json', ...inHere(), command, ':::', ...numbers(12)]);
    await until(() => marks().has('4'), { deadlineMs: 40_000, what: 'the fourth task' });
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const document = parseMap(await running);
    expect(document.summary).toMatchObject({ total: 12, ok: 12 });
    expect(document.results.filter(({ tries }) => tries > 1).map(({ seq }) => seq)).toEqual([4]);
    expect(marks().get('4')).toHaveLength(2);
  });

  test('kill -9 in the middle, then --resume: all is done, what was known to be done not again', async () => {
    const tasks = numbers(60);
    const log = join(here, 'joblog');
    const args = ['--slots', '2', '--joblog', log, '--json', ...inHere(), `sleep 0.1; ${MARK}`, ':::'];
    let pid = 0;
    const killed = map('node[1-3]', [...args, ...tasks], { onStart: (id) => (pid = id) }).catch(() => null);
    const logged = (): string[] =>
      existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(1, -1) : [];
    await until(() => logged().length >= 10, { deadlineMs: 30_000, what: 'ten tasks' });
    process.kill(pid, 'SIGKILL');
    await killed;
    const done = logged().map((line) => line.split('\t'));
    expect(done.length).toBeLessThan(60);
    // The crash may have torn a line, and the list may be another by now.
    writeFileSync(log, `${readFileSync(log, 'utf8')}99\tnode1\t17`);
    const again = await map('node[1-3]', [
      args[0] as string,
      ...args.slice(1, 4),
      '--resume',
      ...args.slice(4),
      ...[...tasks].reverse(),
      '61',
    ]);
    const document = parseMap(again);
    expect([again.code, document.summary.known, document.summary.total]).toEqual([
      0,
      done.length,
      61 - done.length,
    ]);
    expect([...marks().keys()].sort()).toEqual([...tasks, '61'].sort());
    const known = new Set(done.map((fields) => fields[8]));
    for (const [value, runs] of marks())
      if ([...known].some((command) => command?.endsWith(`>> marks/${value}`)))
        expect([value, runs.length]).toEqual([value, 1]);
    expect(logged().filter((line) => line.split('\t').length === 11)).toHaveLength(61);
    // Nothing is left to do.
    const third = await map('node1', [...args.slice(0, 4), '--resume', ...args.slice(4), ...tasks]);
    expect([third.code, parseMap(third).summary]).toEqual([
      0,
      expect.objectContaining({ total: 0, known: 60 }),
    ]);
  });

  test('--resume-failed runs those again that failed', async () => {
    const log = join(here, 'joblog');
    const command = `${MARK}; test -e good || test {} != 2`;
    const args = (more: string[]): string[] => [
      '--joblog',
      log,
      ...more,
      ...inHere(),
      command,
      ':::',
      '1',
      '2',
      '3',
    ];
    expect((await map('node1', args([]))).code).toBe(5);
    const refused = await map('node1', args([]));
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringContaining('add --resume or --resume-failed'),
    ]);
    writeFileSync(join(here, 'good'), '');
    expect((await map('node1', args(['--resume']))).err).toContain('0 tasks ok');
    expect((await map('node1', args(['--resume-failed']))).err).toContain('1 task ok on 1 host');
    expect((await map('node1', args(['--resume-failed']))).err).toContain('0 tasks ok');
    expect([...marks()].map(([value, runs]) => [value, runs.length]).sort()).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 1],
    ]);
    const [header = '', ...lines] = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(header.split('\t').slice(0, 9)).toEqual(
      'Seq Host Starttime JobRuntime Send Receive Exitval Signal Command'.split(' '),
    );
    expect(
      lines
        .map((line) => line.split('\t'))
        .map((fields) => [fields[0], fields[1], fields[6], fields[7], fields[10]]),
    ).toEqual([
      ['1', 'node1', '0', '0', 'ok'],
      ['2', 'node1', '1', '0', 'failed'],
      ['3', 'node1', '0', '0', 'ok'],
      ['2', 'node1', '0', '0', 'ok'],
    ]);
  });

  test('shards of one list are disjoint and complete', async () => {
    const shards = await Promise.all(
      ['1/3', '2/3', '3/3'].map((shard, place) =>
        map(`node${place + 1}`, ['--shard', shard, '--json', 'echo', ':::', ...numbers(30)]),
      ),
    );
    const all = shards.flatMap((result) => seqs(parseMap(result)));
    expect(all.sort((a, b) => a - b)).toEqual(numbers(30).map(Number));
    expect(shards.every((result) => parseMap(result).results.length > 0)).toBe(true);
  });
});

test('--dry-run prints the commands and connects to nothing', async () => {
  const result = await map('dead', ['--dry-run', 'convert {} {.}.png {host}', ':::', 'a.svg', "it's.svg"]);
  expect(result.out).toBe("convert a.svg a.png {host}\nconvert 'it'\\''s.svg' 'it'\\''s'.png {host}\n");
  expect(result.err).toContain('2 tasks for 1 host; nothing was run');
});

test.each([
  [['echo {3}', ':::', 'a'], 'stands for source 3'],
  [['echo', ':::+', 'a'], 'linked'],
  [['echo', '::::', 'missing'], '"missing" can\'t be read'],
  [['echo', '::::', '-', '-'], 'not two'],
  [['--resume', 'echo', ':::', 'a'], 'add --joblog FILE'],
  [['--json', '--ndjson', 'echo', ':::', 'a'], 'leave all but one out'],
  [['--slots', '0', 'echo', ':::', 'a'], '--slots'],
  [['--to', 'x', 'echo', ':::', 'a'], 'add --get FILE'],
  [['--joblog', '/nowhere/x', 'echo', ':::', 'a'], "can't be written"],
  [['echo', ':::', 'a\nb'], 'newline'],
])('%j is refused with its mend', async (args, words) => {
  const result = await map('dead', args);
  expect([result.code, result.out]).toEqual([2, '']);
  expect(result.err).toContain(words);
  expect(result.err.trimEnd().split('\n')).toHaveLength(1);
});

describe('in every login shell', () => {
  const names: string[] = [];
  beforeAll(async () => {
    transport = 'auto';
    const shells = ensureShells((line) => console.log(line));
    accounts = makeAccounts(SHELLS.map((shell) => [shell, shells[shell]]));
    for (const { user, shell } of accounts.list.slice(1)) {
      names.push(shell);
      await fleet.addHost({ name: shell, user });
    }
  }, 300_000);

  test('awkward values arrive as they are', async () => {
    expect(names.length).toBeGreaterThanOrEqual(5);
    for (const shell of names) {
      const input = VALUES.map((value) => `${value}\0`).join('');
      const result = await map(shell, ['-0', '-k', '--json', 'printf %s {}', '::::', '-'], { input });
      const document = parseMap(result);
      expect([shell, result.code]).toEqual([shell, 0]);
      expect(document.results.map(({ stdout }) => stdout)).toEqual(VALUES);
      expect(document.results.map(({ values }) => values[0])).toEqual(VALUES);
    }
  });
});
