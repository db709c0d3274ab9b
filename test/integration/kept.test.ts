import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/core/record.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { until } from '../fleet/until.js';
import { FORGERIES, GithubRunner } from '../unit/sinks/github-runner.js';
import { junitFaults } from '../unit/sinks/junit-schema.js';
import { recordFaults } from '../unit/sinks/schema.js';
import { BIN, type CliOptions, parseRun, runCli } from './cli.js';

let fleet: Fleet;
let folder: string;
let state: string;
let count = 0;

beforeAll(async () => {
  fleet = await startFleet({
    hosts: [{ name: 'node1' }, { name: 'node2' }, { name: 'node3' }, { name: 'dead1', kind: 'dead-port' }],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
beforeEach(() => {
  count += 1;
  folder = join(fleet.dir, `kept${count}`);
  state = join(folder, 'state');
  mkdirSync(folder);
});

const file = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(file(name), 'utf8');
const run = (
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  options: Partial<CliOptions> = {},
): ReturnType<typeof runCli> =>
  runCli(['-F', fleet.configPath, ...args], {
    env: { ...fleet.env, XDG_STATE_HOME: state, ...env },
    cwd: folder,
    ...options,
  });
const NODES = 'node[1-3]';

describe('--outdir and --errdir', () => {
  test('a file a host with the exact bytes, commands in order', async () => {
    const bytes = 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %o $i)"; i=$((i+1)); done';
    const result = await run([
      ...['-H', NODES, 'exec', '--outdir', 'out', '--errdir', 'err'],
      ...['-c', bytes, '-c', 'echo second; echo oops >&2'],
    ]);
    expect(result.err).toContain('3 hosts ok');
    const expected = Buffer.concat([
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      Buffer.from('second\n'),
    ]);
    for (const name of ['node1', 'node2', 'node3']) {
      expect(readFileSync(file(`out/${name}`)).equals(expected)).toBe(true);
      expect(read(`err/${name}`)).toBe('oops\n');
    }
  });

  test('a second run is refused before anything is run, unless it says what to do', async () => {
    const once = (more: readonly string[]) =>
      run(['-H', 'node1', 'exec', '--outdir', 'out', ...more, 'echo ran; touch $HOME/ran']);
    expect((await once([])).code).toBe(0);
    const again = await once([]);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/^pssh-ts: --outdir: "out" holds files already; .*--append or --overwrite\n$/);
    expect(again.out).toBe('');
    expect((await once(['--append'])).code).toBe(0);
    expect(read('out/node1')).toBe('ran\nran\n');
    expect((await once(['--overwrite'])).code).toBe(0);
    expect(read('out/node1')).toBe('ran\n');
  });

  test('a folder that vanishes is our failure: told in a line, and the remotes are ended', async () => {
    const pidFile = file('pid');
    const command = `echo $$ > ${pidFile}; echo one; while :; do sleep 0.1; echo more; done`;
    const ending = run(['-H', 'node1', 'exec', '--outdir', 'out', '--kill-grace', '1', command]);
    await until(() => existsSync(file('out/node1')) && read('out/node1').includes('more'), {
      deadlineMs: 30_000,
      what: 'the first output',
    });
    rmSync(file('out'), { recursive: true });
    writeFileSync(file('out'), 'in the way');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    // Nothing notices while the file is open: the end of the command does.
    process.kill(pid, 'SIGTERM');
    const result = await ending;
    expect(result.err).toMatch(/--outdir: "out\/node1" can't be written: /);
    expect(result.code).toBe(1);
    await until(() => !isAlive(pid), { deadlineMs: 20_000, what: 'the remote command to be gone' });
  });

  test('a full disk is our failure, and the remotes are ended', async () => {
    // No file system to fill: a limit on the size of files stops the writing in the same way.
    const command = `echo $$ > ${file('pid')}; while :; do head -c 65536 /dev/zero; done`;
    const limited = `ulimit -f 512; trap '' XFSZ; exec "$0" "$@"`;
    const args = [
      '-F',
      fleet.configPath,
      '-H',
      'node1',
      'exec',
      '-q',
      '--outdir',
      'out',
      '--kill-grace',
      '1',
      command,
    ];
    const child = spawn('sh', ['-c', limited, process.execPath, BIN, ...args], {
      cwd: folder,
      env: { ...fleet.env, XDG_STATE_HOME: state },
    });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(err).toMatch(/--outdir: "out\/node1" can't be written: file too large \(EFBIG\)/i);
    expect(code).toBe(1);
    await until(() => !isAlive(Number(read('pid'))), { deadlineMs: 20_000, what: 'the remote to be gone' });
  });
});

describe('--junit and --report', () => {
  test('hosts that are well, failed and unreachable, in a report that the schema takes', async () => {
    const result = await run([
      ...['-H', `${NODES},dead1`, '-t', '5', 'exec', '--junit', 'junit.xml', '--report', 'report.html'],
      'echo "out <&> $PSSH_HOST"; echo err >&2; [ $PSSH_HOST != node2 ]',
    ]);
    expect(result.code).toBe(4);
    const text = read('junit.xml');
    expect(await junitFaults(text)).toEqual([]);
    expect(text).toMatch(/<testsuites name="pssh-ts" tests="4" failures="1" errors="1"/);
    expect(text).toContain('<failure message="exit status 1"');
    expect(text).toMatch(
      /<testcase name="dead1"[^>]*>\n {6}<error message="unreachable: [^"]*" type="ERR_CONNECT"/,
    );
    expect(text).toContain('<system-out>out &lt;&amp;&gt; node1\n</system-out>');
    expect(read('report.html')).toContain('Content-Security-Policy');
    expect(readdirSync(folder).sort()).toEqual(['junit.xml', 'report.html', 'state']);
  });

  test('a file that can not be written is told before anything is run, and leaves nothing', async () => {
    const command = `touch ${file('ran')}`;
    const result = await run([
      ...[
        '-H',
        'node1',
        'exec',
        '--junit',
        'junit.xml',
        '--outdir',
        'out',
        '--report',
        'no/such/report.html',
      ],
      command,
    ]);
    expect(result.code).toBe(2);
    expect(result.err).toMatch(/^pssh-ts: --report: "no\/such\/report.html" can't be written: .*\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('two that would be written over each other are refused', async () => {
    const outputs = await run(['-H', 'node1', 'exec', '--outdir', 'out', '--errdir', './out', 'true']);
    expect([outputs.code, outputs.err]).toEqual([
      2,
      'pssh-ts: --outdir and --errdir both name "out"; name a place for each\n',
    ]);
    const reports = await run(['-H', 'node1', 'exec', '--junit', 'x', '--report', `${folder}/x`, 'true']);
    expect(reports.code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what is cancelled is reported too', async () => {
    const command = `echo begun > ${file('begun')}; exec sleep 300`;
    let pid = 0;
    const ending = run(
      ['-H', 'node1', 'exec', '--junit', 'junit.xml', '--kill-grace', '1', command],
      {},
      {
        onStart: (started) => {
          pid = started;
        },
      },
    );
    await until(() => existsSync(file('begun')), { deadlineMs: 30_000, what: 'the command to begin' });
    process.kill(pid, 'SIGTERM');
    expect((await ending).code).toBe(143);
    const text = read('junit.xml');
    expect(await junitFaults(text)).toEqual([]);
    expect(text).toContain('<error message="canceled, ended on the host"');
    const [record] = records();
    expect(record).toMatchObject({ exitCode: 143, hosts: [{ label: 'node1', status: 'canceled' }] });
  });
});

describe('in a job on GitHub', () => {
  const github = (): NodeJS.ProcessEnv => ({
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: file('summary.md'),
  });
  // What the host prints, on both streams; the quoting is a here-document's.
  const forging = (): string => {
    writeFileSync(file('forgeries'), `${FORGERIES.join('\n')}\nsection_start:1:x\r\u001b[0K\n`);
    return `cat ${file('forgeries')}; cat ${file('forgeries')} >&2; exit 1`;
  };

  test('annotates each failed host on stderr, and fills the table of the job', async () => {
    const result = await run(
      ['-H', NODES, 'exec', '[ $PSSH_HOST = node1 ] || { echo "100% bad" >&2; exit 3; }'],
      github(),
    );
    expect(result.out).toBe('');
    const errors = new GithubRunner().read(result.err).named('error');
    expect(errors.map(({ properties }) => properties).sort()).toEqual([
      'title=node2%3A exit status 3',
      'title=node3%3A exit status 3',
    ]);
    expect(errors[0]?.data).toContain('%0A100%25 bad');
    expect(read('summary.md')).toMatch(/^### pssh-ts: 2 of 3 failed in .*\n/);
    expect(read('summary.md')).toContain('| node2 | exit status 3 |');
    expect(read('summary.md')).toContain('| node1 | ok (1) | |');
  });

  test.each([
    ['prefixed lines', []],
    ['-N', ['-N']],
    ['--json', ['--json']],
    ['--ndjson', ['--ndjson']],
    ['--gather', ['--gather']],
    ['--diff', ['--diff']],
    ['--inline', ['--inline']],
  ])('a host gives the runner no command: %s', async (_, options) => {
    const result = await run(['-H', NODES, 'exec', ...options, forging()], github());
    expect(result.code).toBe(5);
    // The runner reads two streams in no order that we know: each must be safe by itself.
    expect(new GithubRunner().read(result.out).commands).toEqual([]);
    const told = new GithubRunner().read(result.err).commands;
    expect(told.map(({ name }) => name)).toEqual(['error', 'error', 'error']);
    if (options.includes('--json')) expect(parseRun(result).results[0]?.stdout).toContain('::error::x\n');
  });

  test('--format github: groups and fences on stdout, nothing of the hosts works as a command', async () => {
    const result = await run(['-H', NODES, 'exec', '--format', 'github', forging()], github());
    const { commands, lines } = new GithubRunner().read(result.out);
    const group = ['group', 'stop-commands', 'endgroup'];
    expect(commands.map(({ name }) => name)).toEqual([
      ...group,
      ...group,
      ...group,
      'error',
      'error',
      'error',
    ]);
    expect(lines.filter((line) => line === '::error::x').length).toBeGreaterThanOrEqual(6);
    expect(new GithubRunner().read(result.err).commands).toEqual([]);
  });

  test('--no-github: the bytes as they are, no annotation, no table', async () => {
    const result = await run(['-H', 'node1', 'exec', '-N', '--no-github', forging()], github());
    expect(result.out).toBe(read('forgeries'));
    expect(result.err).not.toMatch(/^::error title/m);
    expect(existsSync(file('summary.md'))).toBe(false);
  });

  test('GitLab: a section a host that no host forges, and no marker in other views', async () => {
    const marker = /section_(start|end):\d+:[\w.-]+(\[[^\]]*\])?\r\u001b\[0K/g;
    const sections = await run(['-H', NODES, 'exec', '--format', 'gitlab', forging()], { GITLAB_CI: 'true' });
    expect(sections.out.match(marker)).toHaveLength(6);
    const plain = await run(['-H', NODES, 'exec', '-N', forging()], { GITLAB_CI: 'true' });
    expect(plain.out.match(marker)).toBeNull();
    expect(plain.err.match(marker)).toBeNull();
  });
});

describe('the values of --env', () => {
  const GIVEN = 'given-s3cret';
  const TAKEN = 'taken-s3cret';
  /** Everything that is kept or told of a run, in one text. */
  async function toldBy(words: readonly string[]): Promise<string> {
    const variables = ['--env', `GIVEN=${GIVEN}`, '--env', 'TAKEN', '-o', `SetEnv=SENT=${GIVEN}`];
    const result = await run(['-vvv', '-H', 'node[1-2],dead1', '-t', '5', ...words, ...variables, CHECK], {
      TAKEN,
    });
    // Where they are wanted they arrive, before anything is said of where they are not.
    if (!words.includes('--dry-run') && !words.includes('--detach'))
      expect(result.out).toContain('both are there');
    return result.out + result.err + textBelow(folder);
  }
  const CHECK = `test "$GIVEN" = given-s'3'cret && test "$TAKEN" = taken-s'3'cret && echo both are there`;

  test.each([
    ['lines', ['exec']],
    ['--json', ['exec', '--json']],
    ['events', ['exec', '--ndjson']],
    ['gathered', ['exec', '-b']],
    ['over ssh -S', ['--transport', 'process', 'exec', '--ndjson']],
    ['without masters', ['--no-mux', 'exec', '--ndjson']],
    ['--dry-run', ['exec', '--dry-run']],
    ['a report, JUnit and files', ['exec', '--report', 'r.html', '--junit', 'j.xml', '--outdir', 'out']],
    ['a record with output', ['exec', '--record-output']],
    ['a template', ['exec', '--template', '--json']],
  ] as const)('%s: are told nowhere', async (_, words) => {
    const told = await toldBy(words);
    expect(told).not.toContain(GIVEN);
    expect(told).not.toContain(TAKEN);
  });

  test('a job: nor what is told of it, nor what is left on the host', async () => {
    const job = ['-H', 'node1', 'jobs'];
    const told = await run(
      ['-vvv', '-H', 'node1', 'exec', '--env', `GIVEN=${GIVEN}`, '--env', 'TAKEN', '--detach', 'env', CHECK],
      {
        TAKEN,
      },
    );
    expect(told.code).toBe(0);
    expect((await run([...job, 'wait', 'env'])).code).toBe(0);
    const logs = await run([...job, 'logs', 'env']);
    expect(logs.out).toContain('both are there');
    const list = await run([...job, 'list', '--json']);
    const kept = textBelow(join(fleet.dir, 'hosts', 'node1', 'home'));
    expect(kept).toContain('both are there');
    const all = told.out + told.err + logs.err + list.out + kept + textBelow(folder);
    expect(all).not.toContain(GIVEN);
    expect(all).not.toContain(TAKEN);
    await run([...job, 'clean', 'env']);
  });

  test('a map: nor its documents, log and results', async () => {
    const kept = ['--joblog', 'log', '--results', 'results'];
    for (const view of [[], ['--json'], ['--ndjson']]) {
      const words = [
        'map',
        ...view,
        ...kept,
        '--env',
        `GIVEN=${GIVEN}`,
        '--env',
        'TAKEN',
        `${CHECK} {}`,
        ':::',
        '1',
      ];
      const result = await run(['-vvv', '-H', 'node1', ...words], { TAKEN });
      expect(result.out).toContain('both are there');
      const told = result.out + result.err + textBelow(folder);
      expect(told).not.toContain(GIVEN);
      expect(told).not.toContain(TAKEN);
      for (const name of ['log', 'results']) rmSync(file(name), { recursive: true, force: true });
    }
  });

  test('a bad one is refused without its value', async () => {
    const result = await run(['-H', 'node1', 'exec', '--env', `GIVEN=a\n${GIVEN}`, 'true']);
    expect(result.code).toBe(2);
    expect(result.err).toContain('the value of GIVEN');
    expect(result.err).not.toContain('s3cret');
    const name = await run(['-H', 'node1', 'exec', '--env', `NO NAME=${GIVEN}`, 'true']);
    expect(name.code).toBe(2);
    expect(name.err).not.toContain('s3cret');
  });
});

function textBelow(top: string): string {
  if (!existsSync(top)) return '';
  const entries = readdirSync(top, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
}

const runsFolder = (): string => join(state, 'pssh-ts', 'runs');
function records(): readonly RunRecord[] {
  return readdirSync(runsFolder())
    .sort()
    .map((name) => JSON.parse(readFileSync(join(runsFolder(), name), 'utf8')) as RunRecord);
}

describe('records', () => {
  test('a run leaves a private record with what it takes to repeat it, and no secret', async () => {
    const result = await run(
      [
        ...['-H', `${NODES},dead1`, '-t', '5', '-f', '7', 'exec', '-u', '20', '--cwd', '/tmp'],
        ...['--env', 'TOKEN=s3cret', '--env', 'OTHER', '-o', 'SetEnv=MORE=s3cret', 'exit 3'],
      ],
      { OTHER: 's3cret too' },
    );
    expect(result.code).toBe(4);
    const [record] = records();
    expect(record).toMatchObject({
      schema: 'pssh-ts/record@1',
      command: 'exec',
      commands: ['exit 3'],
      exitCode: 4,
      cwd: folder,
      env: ['TOKEN', 'OTHER'],
      options: {
        fanout: '7',
        timeout: '20',
        connectTimeout: '5',
        cwd: '/tmp',
        sshConfig: fleet.configPath,
        sshOption: ['SetEnv'],
      },
    });
    expect(recordFaults(record)).toBe('');
    expect(record?.hosts.map(({ label, status }) => [label, status])).toEqual([
      ['node1', 'failed'],
      ['node2', 'failed'],
      ['node3', 'failed'],
      ['dead1', 'unreachable'],
    ]);
    expect(record?.hosts[0]?.results[0]).toMatchObject({ step: 0, status: 'failed', exitCode: 3 });
    const [name = ''] = readdirSync(runsFolder());
    expect(readFileSync(join(runsFolder(), name), 'utf8')).not.toContain('s3cret');
    expect(statSync(join(runsFolder(), name)).mode & 0o777).toBe(0o600);
    expect(statSync(runsFolder()).mode & 0o777).toBe(0o700);
  });

  test('output only where it is asked for; --no-record leaves nothing', async () => {
    await run(['-H', 'node1', 'exec', '--no-record', 'echo hidden']);
    expect(existsSync(state)).toBe(false);
    await run(['-H', 'node1', 'exec', 'echo hidden']);
    expect(JSON.stringify(records()[0]?.hosts)).not.toContain('hidden');
    await run(['-H', 'node1', 'exec', '--record-output', 'echo seen; echo too >&2']);
    expect(records()[1]?.hosts[0]?.results[0]).toMatchObject({ stdout: 'seen\n', stderr: 'too\n' });
  });

  test('runs list and show tell of them', async () => {
    await run(['-H', NODES, 'exec', 'true']);
    await run(['-H', NODES, 'exec', '[ $PSSH_HOST = node1 ]']);
    const [first, second] = records();
    const list = await run(['runs', 'list']);
    const lines = list.out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ID +EXIT +HOSTS +TOOK +COMMAND$/);
    expect(lines[1]).toMatch(new RegExp(`^${second?.id} +5 +1/3 ok +\\S+ +\\[ \\$PSSH_HOST = node1 \\]$`));
    expect(lines[2]).toMatch(new RegExp(`^${first?.id} +0 +3 +\\S+ +true$`));
    const json = JSON.parse((await run(['runs', 'list', '--json'])).out) as { runs: { id: string }[] };
    expect(json.runs.map(({ id }) => id)).toEqual([second?.id, first?.id]);
    const show = await run(['runs', 'show']);
    expect(show.out).toContain(`run       ${second?.id}\n`);
    expect(show.out).toContain('ok (1): node1\nexit status 1 (2): node[2-3]\n');
    const other = await run(['runs', 'show', first?.id ?? '', '--json']);
    expect(JSON.parse(other.out)).toEqual(first);
    const unknown = await run(['runs', 'show', 'nothing']);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(/^pssh-ts: "nothing" names no run; .*\n$/);
  });

  test('a folder that will not do is no failure, and told with -v alone', async () => {
    writeFileSync(state, 'a file in its place');
    const quiet = await run(['-H', 'node1', 'exec', 'true']);
    expect([quiet.code, quiet.err]).toEqual([0, expect.not.stringContaining('record')]);
    const verbose = await run(['-H', 'node1', '-v', 'exec', 'true']);
    expect(verbose.code).toBe(0);
    expect(verbose.err.match(/no record of this run/g)).toHaveLength(1);
  });

  test('a run that is left at once has its record too, and no half of a report', async () => {
    // The host's own shell ignores TERM, so the first signal does not end it within the grace.
    const command = `trap '' TERM; echo begun > ${file('begun')}; while :; do sleep 0.1; done`;
    let pid = 0;
    const ending = run(
      ['-H', 'node1', 'exec', '--junit', 'junit.xml', '--kill-grace', '30', command],
      {},
      {
        onStart: (started) => {
          pid = started;
        },
      },
    );
    await until(() => existsSync(file('begun')), { deadlineMs: 30_000, what: 'the command to begin' });
    process.kill(pid, 'SIGTERM');
    // Signals that come together are one.
    await until(
      () => {
        if (existsSync(runsFolder())) return true;
        process.kill(pid, 'SIGTERM');
        return false;
      },
      { deadlineMs: 20_000, what: 'the record', everyMs: 300 },
    );
    expect((await ending).code).toBe(143);
    expect(records()[0]).toMatchObject({ exitCode: 143, hosts: [{ label: 'node1', status: null }] });
    expect(readdirSync(folder).sort()).toEqual(['begun', 'state']);
    expect((await run(['runs', 'show'])).out).toContain('not ended when pssh-ts left (1): node1');
  });

  test('runs at the same time leave a record each', async () => {
    await Promise.all([1, 2, 3].map((n) => run(['-H', 'node1', 'exec', `echo ${n}`])));
    expect(
      records()
        .flatMap(({ commands }) => commands)
        .sort(),
    ).toEqual(['echo 1', 'echo 2', 'echo 3']);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
