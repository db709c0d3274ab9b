/** Who else may see what lies on disk, with the umask that hides least; and what another user of the machine can do. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureProgram } from '../fleet/ensure-program.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { until } from '../fleet/until.js';
import { type CliOptions, type CliResult, runCli } from './cli.js';

const PASSPHRASE = 'Open-Sesame-10';
const KEYGEN = 'ssh-keygen';
const LONG = { deadlineMs: 30_000 };
const isRoot = userInfo().uid === 0;

let dir: string;
let fleet: Fleet;
let accounts: Accounts;
let umask: number;
/** The host's temp folder. */
let remoteTemp: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pt-modes-'));
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  execFileSync(KEYGEN, ['-q', '-t', 'ed25519', '-N', PASSPHRASE, '-f', join(dir, 'locked')]);
  accounts = makeAccounts([['sh', '/bin/sh']]);
  remoteTemp = join(dir, 'remote-temp');
  mkdirSync(remoteTemp);
  // Of what is started from here on nothing is hidden by the umask: the sessions of the hosts, and pssh-ts.
  umask = process.umask(0);
  const sshd = [`SetEnv TMPDIR=${remoteTemp}`];
  fleet = await startFleet({
    hosts: [
      { name: 'one', sshd },
      {
        name: 'locked',
        client: [`IdentityFile ${dir}/locked`, 'IdentitiesOnly yes'],
        sshd: [`AuthorizedKeysFile ${dir}/locked.pub`],
      },
    ],
  });
  writeFileSync(join(dir, 'phrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  // The way there is open: what is ours has to be closed by itself.
  for (const folder of [dir, fleet.dir, join(fleet.dir, 'home'), join(fleet.dir, 'run')])
    chmodSync(folder, 0o755);
  chmodSync(join(fleet.dir, 'tmp'), 0o1777);
  chmodSync(remoteTemp, 0o1777);
}, 120_000);
afterAll(async () => {
  if (umask !== undefined) process.umask(umask);
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
  accounts?.remove();
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
}, 60_000);

const run = (args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> =>
  runCli(['-F', fleet.configPath, '-t', '40', ...args], { env: fleet.env, cwd: dir, ...options });
const runtime = (): string => join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts');
const state = (): string => join(fleet.env.HOME ?? '', '.local', 'state', 'pssh-ts');
const hostState = (): string => join(fleet.dir, 'hosts', 'one', 'home', '.local', 'state', 'pssh-ts');

interface Found {
  readonly path: string;
  readonly mode: string;
  readonly kind: 'file' | 'folder' | 'socket' | 'link';
}

/** A folder and all below it. What goes away while it is looked at is gone. */
function below(path: string): Found[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const kind = stats.isDirectory()
    ? 'folder'
    : stats.isSocket()
      ? 'socket'
      : stats.isSymbolicLink()
        ? 'link'
        : 'file';
  const own: Found = { path, mode: (stats.mode & 0o777).toString(8), kind };
  if (kind !== 'folder') return [own];
  try {
    return [own, ...readdirSync(path).flatMap((name) => below(join(path, name)))];
  } catch {
    return [own];
  }
}
const open = (found: readonly Found[]): readonly Found[] =>
  found.filter(({ mode, kind }) => kind !== 'link' && (Number.parseInt(mode, 8) & 0o077) !== 0);
/** What is ours: in the runtime folder, of records, in both temp folders, of jobs on the host. */
function ours(): Found[] {
  const temps = [join(fleet.dir, 'tmp'), remoteTemp];
  const inTemps = temps.flatMap((temp) => readdirSync(temp).map((name) => join(temp, name)));
  return [runtime(), state(), hostState(), ...inTemps].flatMap(below);
}
const kinds = (found: readonly Found[], name: RegExp): readonly string[] => [
  ...new Set(found.filter(({ path }) => name.test(path)).map(({ kind }) => kind)),
];

/** Looks while a run stands at its gate, which the command opens and waits at. */
async function whileRunning(args: readonly string[], options: Partial<CliOptions> = {}): Promise<Found[]> {
  const gate = join(dir, 'gate');
  const command = `touch ${dir}/begun; while test ! -e ${gate}; do sleep 0.1; done`;
  const ending = run([...args, command], options);
  try {
    await until(() => existsSync(join(dir, 'begun')), { ...LONG, what: 'the command to begin' });
    return ours();
  } finally {
    writeFileSync(gate, '');
    expect((await ending).err).not.toMatch(/failed:/);
    for (const name of ['gate', 'begun']) rmSync(join(dir, name), { force: true });
  }
}

describe('with umask 000', () => {
  test('sockets, logs, records of connections, the askpass socket and program are ours alone', async () => {
    const phrase = ['--passphrase-file', join(dir, 'phrase')];
    const found = await whileRunning(['-vvv', '-H', 'one,locked', ...phrase, 'exec', '-f', '2', '-I'], {
      input: 'input\n'.repeat(100_000),
    });
    expect(open(found)).toEqual([]);
    // They were there to be seen.
    expect(kinds(found, /\/s\.[^/]+\.ask$/)).toEqual(['socket']);
    expect(kinds(found, /\/s\.[^/]+\.askpass$/)).toEqual(['file']);
    expect(kinds(found, /\/o\.[^/]+$/)).toEqual(['socket']);
    expect(kinds(found, /\/pssh-ts\/[^/]+\.json$/)).toEqual(['file']);
    expect(found.filter(({ kind }) => kind === 'socket').length).toBeGreaterThanOrEqual(3);
    // Then idle masters, a record, and compiled code, which is kept once there is a folder for it.
    expect((await run(['-H', 'one', 'exec', 'true'])).code).toBe(0);
    const left = ours();
    expect(open(left)).toEqual([]);
    expect(kinds(left, /\/runs\/.*\.json$/)).toEqual(['file']);
    expect(kinds(left, /\/code\./)).toEqual(['file']);
  });

  test.each([
    ['over ssh -S', ['--transport', 'process']],
    ['without masters', ['--no-mux']],
  ])('the logs of each ssh %s', async (_, more) => {
    const found = await whileRunning(['-vvv', '-H', 'one', ...more, 'exec']);
    expect(open(found)).toEqual([]);
    expect(kinds(found, /pssh-ts\/[a-z]\./)).toContain('file');
  });

  test('a script, and the folder of a task with its files, on the host', async () => {
    writeFileSync(
      join(dir, 'wait.sh'),
      `#!/bin/sh\ntouch ${dir}/begun; while test ! -e ${dir}/gate; do sleep 0.1; done\n`,
    );
    const script = await whileRunning(['-H', 'one', 'exec', '--script', 'wait.sh']);
    expect(open(script)).toEqual([]);
    expect(script.some(({ path }) => path.startsWith(remoteTemp))).toBe(true);
    writeFileSync(join(dir, 'in.txt'), 'in\n');
    const ending = run([
      '-H',
      'one',
      'map',
      '--put',
      'in.txt',
      'sh in.txt; sh {}',
      ':::',
      join(dir, 'wait.sh'),
    ]);
    try {
      await until(() => existsSync(join(dir, 'begun')), { ...LONG, what: 'the task to begin' });
      const task = ours();
      const folders = task.filter(({ path, kind }) => path.startsWith(remoteTemp) && kind === 'folder');
      expect(folders.length).toBeGreaterThan(0);
      // The folder is closed; what the task makes in it is the task's own.
      const tops = readdirSync(remoteTemp).map((name) => join(remoteTemp, name));
      expect(open(task.filter(({ path }) => !path.startsWith(remoteTemp) || tops.includes(path)))).toEqual(
        [],
      );
    } finally {
      writeFileSync(join(dir, 'gate'), '');
      await ending;
      for (const name of ['gate', 'begun']) rmSync(join(dir, name), { force: true });
    }
  });

  test('a job, its command, output and variables', async () => {
    const words = ['-H', 'one', 'exec', '--detach', 'modes', '--env', 'TOKEN=s3cret'];
    expect((await run([...words, 'echo out; echo err >&2'])).code).toBe(0);
    expect((await run(['-H', 'one', 'jobs', 'wait', 'modes'])).code).toBe(0);
    const found = ours();
    expect(open(found)).toEqual([]);
    expect(kinds(found, /\/jobs\/modes\//)).toContain('file');
    expect((await run(['-H', 'one', 'jobs', 'clean', 'modes'])).code).toBe(0);
  });

  test('what a transfer receives has a closed folder until it is whole', async () => {
    mkdirSync(join(dir, 'tree'));
    writeFileSync(join(dir, 'tree', 'file'), 'x'.repeat(100_000));
    const place = join(dir, 'place');
    mkdirSync(place);
    const slow = ['--limit-rate', '20KiB', '-r'];
    for (const words of [
      ['put', ...slow, 'tree', place],
      ['get', ...slow, join(dir, 'tree'), place],
    ]) {
      const ending = run(['-H', 'one', ...words]);
      const seen = await until(
        () => {
          const found = below(place).filter(({ path }) => path.includes('.pssh-ts.'));
          return found.length > 0 && found;
        },
        { ...LONG, what: 'a temporary folder' },
      );
      expect(open(seen.filter(({ path }) => /\.pssh-ts\.[^/]+$/.test(path)))).toEqual([]);
      expect((await ending).err).toContain('1 host ok');
    }
  });
});

test.each([0o000, 0o077])('what is asked for has the modes that umask %o leaves', async (mask) => {
  process.umask(mask);
  try {
    const name = `kept-${mask}`;
    mkdirSync(join(dir, name), { mode: 0o755 });
    const to = (file: string): string => join(dir, name, file);
    const kept = [
      '--outdir',
      to('out'),
      '--errdir',
      to('err'),
      '--junit',
      to('junit.xml'),
      '--report',
      to('report.html'),
    ];
    expect((await run(['-H', 'one', 'exec', ...kept, 'echo out; echo err >&2'])).code).toBe(0);
    const logs = ['--joblog', to('joblog'), '--results', to('results')];
    expect((await run(['-H', 'one', 'map', ...logs, 'echo', ':::', 'a'])).code).toBe(0);
    const found = below(join(dir, name)).slice(1);
    expect(found.length).toBeGreaterThan(8);
    const wrong = found.filter(
      ({ mode, kind }) => mode !== ((kind === 'folder' ? 0o777 : 0o666) & ~mask).toString(8),
    );
    expect(wrong).toEqual([]);
  } finally {
    process.umask(0);
  }
});

describe.runIf(isRoot)('another user of this machine', () => {
  interface Said {
    readonly status: number | null;
    readonly text: string;
  }
  let uid: number;
  beforeAll(() => {
    uid = Number(execFileSync('id', ['-u', accounts.list[1]?.user ?? ''], { encoding: 'utf8' }));
  });
  const asOther = (command: string): Said => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
      uid,
      gid: uid,
      encoding: 'utf8',
      cwd: '/',
    });
    return { status, text: stdout + stderr };
  };

  test('reaches no connection, socket, log or record, and can put nothing there', async () => {
    expect((await run(['-H', 'one', 'exec', 'echo kept'])).code).toBe(0);
    const all = ours();
    const sockets = all.filter(({ kind }) => kind === 'socket');
    const files = all.filter(({ kind }) => kind === 'file');
    expect(sockets.length).toBeGreaterThan(0);
    expect(files.length).toBeGreaterThan(2);
    // The way to the folders is open to him.
    expect(asOther(`ls ${fleet.dir} && ls ${join(fleet.dir, 'run')}`).status).toBe(0);
    for (const { path } of sockets) {
      const asked = asOther(`ssh -F none -S '${path}' -O check one`);
      expect(asked.text).toContain('Permission denied');
      expect(asked.status).not.toBe(0);
    }
    for (const { path } of files) expect(asOther(`cat '${path}'`).text).toContain('Permission denied');
    for (const folder of [runtime(), state()])
      for (const command of [
        `ls ${folder}`,
        `touch ${folder}/x`,
        `mv ${folder} ${folder}.x`,
        `rmdir ${folder}`,
      ])
        expect(asOther(command).status).not.toBe(0);
  });

  test('who took the name of our folder first gets nothing of ours, and the run says whose it is', async () => {
    const temp = join(dir, 'sticky');
    mkdirSync(temp);
    chmodSync(temp, 0o1777);
    const name = join(temp, `pssh-ts-${userInfo().uid}`);
    const { XDG_RUNTIME_DIR: _, ...env } = fleet.env;
    const traps = [
      `mkdir -m 777 ${name}`,
      `mkdir -m 777 ${temp}/his && ln -s ${temp}/his ${name}`,
      `touch ${name} && chmod 666 ${name}`,
    ];
    for (const trap of traps) {
      expect(asOther(trap).status).toBe(0);
      const result = await run(['-H', 'one', 'exec', 'true'], { env: { ...env, TMPDIR: temp } });
      expect(result.err).toMatch(/is passed over: (user \d+ owns it|it is a symbolic link|it is no folder)/);
      expect(result.err).toContain('set XDG_RUNTIME_DIR to a private folder');
      expect(result.code).toBe(1);
      const left = below(temp).filter(({ kind, path }) => kind === 'socket' || path.includes('/o.'));
      expect(left).toEqual([]);
      for (const entry of readdirSync(temp)) rmSync(join(temp, entry), { recursive: true, force: true });
    }
  });

  test('a link that he put into a folder of output leads nowhere', async () => {
    const victim = join(dir, 'victim');
    writeFileSync(victim, 'precious\n');
    const out = join(dir, 'his-out');
    mkdirSync(out);
    chmodSync(out, 0o777);
    symlinkSync(victim, join(out, 'one'));
    const result = await run(['-H', 'one', 'exec', '--outdir', out, '--append', 'echo over']);
    expect(result.code).not.toBe(0);
    expect(result.err).toContain('--outdir');
    expect(readFileSync(victim, 'utf8')).toBe('precious\n');
  });
});
