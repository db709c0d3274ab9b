/** Run in a folder that somebody else has filled: nothing that lies there is run, read as a config, or taken for an option. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { CANARY } from '../injection-corpus.js';
import { type Canary, plantCanary } from './canary.js';
import { BIN, type CliResult, runCli, runProgram } from './cli.js';

const LIBRARY = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

let dir: string;
let canary: Canary;
let fleet: Fleet;
/** The folder, and one with nothing in it but the files that are sent. */
let hostile: string;
let clean: string;

/** Names that something might look for in the current folder. */
function fill(folder: string): void {
  const put = (name: string, text: string, mode = 0o644): void => {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode });
  };
  const program = readFileSync(join(canary.folder, CANARY), 'utf8');
  // Programs that pssh-ts or what it starts might start.
  for (const name of [
    'ssh',
    'scp',
    'sftp',
    'rsync',
    'ssh-keygen',
    'ssh-keyscan',
    'ssh-askpass',
    'sh',
    'node',
    'git',
    'tar',
    CANARY,
  ])
    for (const place of ['', 'bin/', 'node_modules/.bin/']) put(`${place}${name}`, program, 0o755);
  // Modules by the names of those that are loaded, and places that Node reads.
  const evil = `require('node:child_process').execFileSync(${JSON.stringify(join(canary.folder, CANARY))}, ['a module of the folder']);\n`;
  for (const name of [
    'commander',
    'diff',
    'execa',
    'ini',
    'p-map',
    'tar-stream',
    'yaml',
    'pssh-ts',
    'fs',
    'path',
  ]) {
    put(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '99.0.0', main: 'index.js' }));
    put(`node_modules/${name}/index.js`, evil);
  }
  for (const name of [
    'index.js',
    'index.cjs',
    'bin.cjs',
    'pssh-ts.cjs',
    'dist/bin.cjs',
    'dist/pssh-ts.cjs',
    'evil.js',
  ])
    put(name, evil);
  put(
    'package.json',
    JSON.stringify({ name: 'x', main: 'evil.js', 'pssh-ts': { transport: 'none', user: 'evil' } }),
  );
  put('.env', `NODE_OPTIONS=--require ${folder}/evil.js\nPSSH_TS_USER=evil\n`);
  put('.npmrc', `node-options=--require ${folder}/evil.js\n`);
  put('node.config.json', JSON.stringify({ nodeOptions: { import: ['./evil.js'] } }));
  // Configs.
  const ini = 'user = evil\nssh-option = ProxyCommand=pt-canary\ninventory = hosts\n';
  for (const name of [
    'config.ini',
    'pssh-ts.ini',
    '.pssh-ts.ini',
    '.pssh-tsrc',
    'pssh-ts/config.ini',
    '.config/pssh-ts/config.ini',
  ])
    put(name, ini);
  for (const name of ['pssh-ts.json', '.pssh-ts.json', 'pssh-ts.config.json'])
    put(name, JSON.stringify({ user: 'evil', sshOption: 'ProxyCommand=pt-canary' }));
  const ssh = 'Match exec "pt-canary"\n  User evil\nHost *\n  User evil\n  ProxyCommand pt-canary\n';
  for (const name of ['.ssh/config', 'ssh_config', 'config', '.ssh/rc', '.sshrc', 'sshrc']) put(name, ssh);
  for (const name of [
    '.ssh/known_hosts',
    'known_hosts',
    '.ssh/id_ed25519',
    'id_ed25519',
    '.ssh/authorized_keys',
  ])
    put(name, 'x\n');
  // Inventories.
  put('hosts', 'web1 ansible_user=evil ansible_ssh_common_args="-o ProxyCommand=pt-canary"\n');
  put('hosts.ini', '[web]\nweb1 ansible_user=evil\n');
  put('ansible.cfg', '[defaults]\ninventory = ./hosts.py\nhost_key_checking = False\n');
  put('hosts.py', program, 0o755);
  put('groups.conf', '[Main]\ndefault: local\n[local]\nmap: pt-canary\nall: pt-canary\n');
  put('local.cfg', 'web: evil1\n');
  // A file by the name of a host; an alias wins over it. With ssh options it is no list of hosts.
  put('web1', 'evil1\n');
  put('unknown1', 'evil1 ansible_ssh_common_args="-o ProxyCommand=pt-canary"\n');
  // git runs programs that a folder names.
  put('.git/config', '[core]\n\tfsmonitor = pt-canary\n\tsshCommand = pt-canary\n\tpager = pt-canary\n');
  put('.git/HEAD', 'ref: refs/heads/main\n');
  put('.git/hooks/post-checkout', program, 0o755);
  for (const name of ['.bashrc', '.profile', '.zshenv', '.zshrc', '.cshrc', '.tcshrc', '.login'])
    put(name, 'pt-canary\n');
}

beforeAll(async () => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  dir = mkdtempSync(join(tmpdir(), 'pt-folder-'));
  canary = plantCanary(dir);
  [hostile, clean] = [join(dir, 'hostile'), join(dir, 'clean')];
  for (const folder of [hostile, clean]) {
    mkdirSync(join(folder, 'site'), { recursive: true });
    writeFileSync(join(folder, 'app.txt'), 'app\n');
    writeFileSync(join(folder, 'site', 'page'), 'page\n');
    writeFileSync(join(folder, 'task.sh'), '#!/bin/sh\necho "task $1"\n');
  }
  fill(hostile);
  fleet = await startFleet({ hosts: [{ name: 'web1' }, { name: 'web2' }] });
}, 120_000);
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});
afterEach(() => expect(canary.hits()).toEqual([]));

/** The canary can be found by its name, but the current folder is in no PATH. */
const env = (): NodeJS.ProcessEnv => ({ ...fleet.env, PATH: `${fleet.env.PATH}:${canary.folder}` });
const runIn = (cwd: string, args: readonly string[]): Promise<CliResult> =>
  runCli(['-F', fleet.configPath, '-t', '30', ...args], { env: env(), cwd });
/** Without times, and what is named for the folder. */
const told = ({ code, out, err }: CliResult) => ({
  code,
  out: plain(out),
  err: plain(err),
});
const plain = (text: string): string =>
  text
    .replaceAll(hostile, 'FOLDER')
    .replaceAll(clean, 'FOLDER')
    .replace(/\b\d+(\.\d+)? ?(ms|s|KiB|MiB|GiB|B\/s|KiB\/s)\b/g, 'N')
    .replace(/\d{8}-\d{6}-\d{3}-\w{4}/g, 'ID');

const COMMANDS: readonly (readonly string[])[] = [
  ['-H', 'web[1-2]', 'exec', '-b', 'echo same'],
  ['-H', 'web1', '--transport', 'process', 'exec', 'echo over ssh'],
  ['-H', 'web1', '--no-mux', 'exec', 'echo plain'],
  ['-H', 'web[1-2]', 'exec', '-b', '--script', 'task.sh', 'a'],
  ['-H', 'web1', 'put', 'app.txt'],
  ['-H', 'web1', 'put', '--via', 'scp', 'app.txt', 'scp.txt'],
  ['-H', 'web1', 'put', '--via', 'rsync', 'app.txt', 'rsync.txt'],
  ['-H', 'web1', 'put', '-r', 'site', '.'],
  ['-H', 'web1', 'get', 'scp.txt', 'got'],
  ['-H', 'web1', 'sync', 'site/', ':copy'],
  ['-H', 'web[1-2]', 'map', '-k', 'echo', ':::', 'a', 'b'],
  ['-H', 'web1', 'exec', '--dry-run', 'true'],
  ['-H', 'web[1-2]', 'hosts', '--resolved'],
  ['hosts', 'keys', 'web1'],
  ['-H', '*', 'hosts'],
  ['-a', 'exec', 'true'],
  ['-g', 'web', 'exec', 'true'],
  ['-H', 'web1', 'check', '--tools', 'cat', '-q'],
  ['config'],
];

test.each(COMMANDS)('%s %s %s %s says and does the same in it as in a clean one', async (...words) => {
  const args = words.filter((word) => word !== undefined);
  const expected = told(await runIn(clean, args));
  expect(told(await runIn(hostile, args))).toEqual(expected);
});

test('a host that no config names, but a file: nothing that brings options is read', async () => {
  const result = await runIn(hostile, ['-H', 'unknown1', 'hosts']);
  expect({ code: result.code, out: result.out }).toEqual({ code: 0, out: 'unknown1\n' });
});

test('a Tab there reads and runs nothing of it', async () => {
  for (const args of [
    ['__complete', 'bash', '3', 'pssh-ts', '-H', 'w'],
    ['__complete', 'zsh', '3', 'pssh-ts', '--host', ''],
  ])
    expect((await runCli(args, { env: env(), cwd: hostile })).out).not.toContain('evil');
});

test('the library loads its own modules there', async () => {
  const program = [
    `import { Cluster } from ${JSON.stringify(LIBRARY)};`,
    `const web = new Cluster('web[1-2]', { sshConfig: ${JSON.stringify(fleet.configPath)} });`,
    `const { results } = await web.execute('echo $FLEET_HOST');`,
    `process.stdout.write(results.map(({ stdout }) => stdout.text()).join(''));`,
    'await web.close();',
  ].join('\n');
  const script = join(dir, 'program.mjs');
  writeFileSync(script, program);
  const result = await runProgram(process.execPath, [script], { env: env(), cwd: hostile });
  expect({ out: result.out, err: result.err }).toEqual({ out: 'web1\nweb2\n', err: '' });
});

describe('files whose names are options', () => {
  const NAMES = [
    '-rf',
    `--exec=${CANARY}`,
    '--via=scp',
    '-oProxyCommand=pt-canary',
    '-H',
    '@web',
    'a:b',
    '~',
  ];
  let folder: string;
  beforeAll(() => {
    folder = join(dir, 'names');
    mkdirSync(folder);
    for (const name of NAMES) writeFileSync(join(folder, name), name);
  });
  const home = (): string => join(fleet.dir, 'hosts', 'web1', 'home');
  const shell = (line: string): Promise<CliResult> => {
    const text = `pt() { ${process.execPath} ${BIN} -F ${fleet.configPath} -H web1 "$@"; }; ${line}`;
    return runProgram('sh', ['-c', text], { env: env(), cwd: folder });
  };

  test.each([
    ['behind two dashes', 'pt put -- * PLACE'],
    ['behind a slash', 'pt put ./* PLACE'],
  ])('a pattern of the shell %s gives files, each as it is', async (what, line) => {
    const place = join(home(), what.replaceAll(' ', '-'));
    mkdirSync(place);
    const result = await shell(line.replace('PLACE', place));
    expect(result.err).toContain('1 host ok');
    expect(readdirSync(place).sort()).toEqual([...NAMES].sort());
    for (const name of NAMES) expect(readFileSync(join(place, name), 'utf8')).toBe(name);
  });

  test.each(['tar', 'scp', 'rsync'])('what %s is told of them are names', async (via) => {
    const place = join(home(), `by-${via}`);
    mkdirSync(place);
    const put = await shell(`pt put --via ${via} -- * ${place}`);
    expect(put.err).toContain('1 host ok');
    expect(readdirSync(place).sort()).toEqual([...NAMES].sort());
    const back = join(dir, `back-${via}`);
    const get = await shell(`pt get --via ${via} '${place}/*' ${back}`);
    expect(get.err).toContain('1 host ok');
    expect(readdirSync(join(back, 'web1')).sort()).toEqual([...NAMES].sort());
  });

  test('the values of a map are values', async () => {
    const result = await shell(`pt map -k 'printf "%s\\n" {}' ::: *`);
    expect(result.out.trimEnd().split('\n').sort()).toEqual([...NAMES].sort());
  });
});

test('nothing of the folder has changed but what was asked for', () => {
  const copy = join(dir, 'copy');
  mkdirSync(copy);
  fill(copy);
  cpSync(clean, copy, { recursive: true });
  expect(readdirSync(hostile).sort()).toEqual(readdirSync(copy).sort());
  expect(existsSync(join(hostile, 'got', 'web1', 'scp.txt'))).toBe(true);
});
