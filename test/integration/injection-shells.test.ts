/** The corpus as values that login shells read: --env, --cwd, templates, words, paths, the inputs of a map. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../src/index.js';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { CANARY, HOSTILE, SENDABLE } from '../injection-corpus.js';
import { run } from '../unit/cli/memory-io.js';
import { type Canary, plantCanary } from './canary.js';
import { type CliResult, parseRun, runCli } from './cli.js';

const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];

let dir: string;
let canary: Canary;
let accounts: Accounts;
let fleet: Fleet;
let names: readonly string[];
/** Where each host's sessions start, in truth. */
const homes = new Map<string, string>();
const runtime = process.env.XDG_RUNTIME_DIR;
let cluster: Cluster;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pt-inj-'));
  // Whoever logs in has to find the canary.
  chmodSync(dir, 0o755);
  canary = plantCanary(dir);
  const shells = ensureShells((line) => console.log(line));
  accounts = makeAccounts(LOGIN_SHELLS.map((name) => [name, shells[name]]));
  // Who is not root has one account, with the shell it has.
  const logins = accounts.list.length > 1 ? accounts.list.slice(1) : accounts.list;
  names = logins.map(({ shell }) => `with-${shell}`);
  const sshd = [`SetEnv PATH=${canary.folder}:/usr/bin:/bin`];
  fleet = await startFleet({
    hosts: logins.map(({ user, shell }) => ({ name: `with-${shell}`, user, sshd })),
  });
  process.env.XDG_RUNTIME_DIR = fleet.env.XDG_RUNTIME_DIR;
  cluster = new Cluster(names.join(','), { sshConfig: fleet.configPath, connectTimeout: '60s' });
  const where = await cluster.execute('/bin/pwd');
  for (const { target, stdout } of where.results) homes.set(target.host, stdout.text().trimEnd());
}, 300_000);
afterAll(async () => {
  await cluster?.close();
  if (runtime === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = runtime;
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
  accounts?.remove();
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
}, 60_000);
afterEach(() => expect(canary.hits()).toEqual([]));

const cli = (args: readonly string[]): Promise<CliResult> =>
  runCli(['-F', fleet.configPath, '-t', '60', '-H', names.join(','), ...args], {
    env: fleet.env,
    cwd: dir,
    deadlineMs: 120_000,
  });

/** What each host's command printed, cut at its NUL bytes. */
function printed(result: CliResult): Readonly<Record<string, readonly string[]>> {
  const { results } = parseRun(result);
  expect(results.map(({ status, stderr }) => [status, stderr])).toEqual(names.map(() => ['ok', '']));
  return Object.fromEntries(
    results.map(({ host, stdout, stdoutEncoding }) => [
      host,
      Buffer.from(stdout, stdoutEncoding).toString('utf8').split('\0').slice(0, -1),
    ]),
  );
}
const onEach = (values: readonly string[]) => Object.fromEntries(names.map((name) => [name, values]));

test('the canary tells when it is run, by each login shell', async () => {
  expect((await cli(['exec', CANARY])).code).toBe(0);
  expect(canary.hits()).toHaveLength(names.length);
});

test('--env: every value is the bytes that it was', async () => {
  const set = SENDABLE.flatMap((value, place) => ['--env', `V${place}=${value}`]);
  const found = printed(await cli(['exec', '--json', ...set, 'env -0']));
  for (const name of names) {
    const lines = new Map(
      (found[name] ?? []).map((line) => [line.replace(/=.*/s, ''), line.replace(/^[^=]*=/, '')]),
    );
    expect(SENDABLE.map((_, place) => lines.get(`V${place}`))).toEqual(SENDABLE);
  }
});

test('--template: every variable of an inventory is one word', async () => {
  const vars = Object.fromEntries(SENDABLE.map((value, place) => [`v${place}`, value]));
  const inventory = join(dir, 'hosts.json');
  const hostvars = Object.fromEntries(names.map((name) => [name, vars]));
  writeFileSync(inventory, JSON.stringify({ web: { hosts: names }, _meta: { hostvars } }));
  const places = SENDABLE.map((_, place) => `{v${place}}`).join(' ');
  const command = `printf '%s\\0' ${places}`;
  const result = await cli(['--hostfile', inventory, 'exec', '--json', '--template', command]);
  expect(printed(result)).toEqual(onEach(SENDABLE));
});

test('--argv: every word stays one', async () => {
  const words = ['printf', '%s\\0', ...SENDABLE];
  expect(printed(await cli(['exec', '--json', '--argv', '--', ...words]))).toEqual(onEach(SENDABLE));
});

test('--script: every argument', async () => {
  writeFileSync(join(dir, 'say.sh'), '#!/bin/sh\nprintf "%s\\0" "$@"\n');
  const result = await cli(['exec', '--json', '--script', 'say.sh', '--', ...SENDABLE]);
  expect(printed(result)).toEqual(onEach(SENDABLE));
});

test('a job of --detach: every variable', async () => {
  const set = SENDABLE.flatMap((value, place) => ['--env', `V${place}=${value}`]);
  try {
    expect((await cli(['exec', ...set, '--detach', 'corpus', 'env -0 >corpus.env'])).code).toBe(0);
    expect((await cli(['jobs', 'wait', 'corpus'])).code).toBe(0);
    for (const home of homes.values()) {
      const text = readFileSync(join(home, 'corpus.env'), 'utf8').split('\0');
      const lines = new Map(text.map((line) => [line.replace(/=.*/s, ''), line.replace(/^[^=]*=/, '')]));
      expect(SENDABLE.map((_, place) => lines.get(`V${place}`))).toEqual(SENDABLE);
    }
  } finally {
    await cli(['jobs', 'clean', 'corpus']);
  }
});

test('--cwd: the folder of that name, or none and nothing is run', async () => {
  let there = 0;
  for (const cwd of SENDABLE.filter((value) => value !== '')) {
    const places = names.map((name) => resolve(homes.get(name) ?? '', cwd));
    // What lies elsewhere is not ours to make.
    for (const [index, place] of places.entries())
      if (place.startsWith(`${homes.get(names[index] ?? '')}/`) && place.length < 255)
        mkdirSync(place, { recursive: true });
    const { results } = await cluster.execute('/bin/pwd', { cwd });
    const isThere = places.map((place) => existsSync(place) && lstatSync(place).isDirectory());
    expect([cwd, ...results.map(({ exitCode, stdout }) => [exitCode, stdout.text()])]).toEqual([
      cwd,
      ...places.map((place, index) => (isThere[index] ? [0, `${place}\n`] : [125, ''])),
    ]);
    if (isThere.every(Boolean)) there += 1;
  }
  expect(there).toBeGreaterThan(100);
});

describe('paths', () => {
  // Names of files: with a line's end too, which a path may hold.
  const paths = HOSTILE.filter(
    (path) => path !== '' && path.length < 200 && !/[/\0]|^(\.{1,2}|~)$/.test(path),
  );

  test('put: a file of that name in the home, and nothing else', async () => {
    expect(paths.length).toBeGreaterThan(100);
    const source = join(dir, 'source');
    mkdirSync(source);
    for (const home of homes.values()) rmSync(join(home, 'corpus.env'), { force: true });
    const before = new Map(names.map((name) => [name, readdirSync(homes.get(name) ?? '')]));
    for (const path of paths) {
      // The folders of --cwd have these names too.
      for (const name of names) rmSync(join(homes.get(name) ?? '', path), { recursive: true, force: true });
      writeFileSync(join(source, 'file'), path);
      const { failed } = await cluster.put(join(source, 'file'), path);
      expect([path, failed.map(({ error }) => error)]).toEqual([path, []]);
      for (const name of names) expect(readFileSync(join(homes.get(name) ?? '', path), 'utf8')).toBe(path);
    }
    for (const name of names)
      expect(new Set(readdirSync(homes.get(name) ?? ''))).toEqual(
        new Set([...(before.get(name) ?? []), ...paths]),
      );
  }, 120_000);

  test('get: the file of that name comes, in one run', async () => {
    const plain = paths.filter((path) => !/[*?[\]]/.test(path));
    const { failed } = await cluster.get(plain, join(dir, 'got'));
    expect(failed.map(({ error }) => error)).toEqual([]);
    for (const name of names) {
      const folder = join(dir, 'got', name);
      expect(readdirSync(folder).sort()).toEqual([...plain].sort());
      for (const path of plain) expect(readFileSync(join(folder, path), 'utf8')).toBe(path);
    }
  });

  test.each(['tar', 'scp', 'rsync'] as const)('a tree of these names, there and back by %s', async (via) => {
    const tree = join(dir, `tree-${via}`);
    mkdirSync(join(tree, 'in'), { recursive: true });
    for (const path of paths) writeFileSync(join(tree, 'in', path), path);
    const put = await cluster.put(tree, { recursive: true, via });
    expect(put.failed.map(({ error }) => error)).toEqual([]);
    const got = await cluster.get(`tree-${via}`, join(dir, `back-${via}`), { recursive: true, via });
    expect(got.failed.map(({ error }) => error)).toEqual([]);
    for (const name of names) {
      const folder = join(dir, `back-${via}`, name, `tree-${via}`, 'in');
      expect(readdirSync(folder).sort()).toEqual([...paths].sort());
      for (const path of paths) expect(readFileSync(join(folder, path), 'utf8')).toBe(path);
    }
  });
});

test('map: every value is one word of its task', async () => {
  interface MapDocument {
    readonly results: readonly {
      readonly status: string;
      readonly stdout: string;
      readonly stdoutEncoding: 'utf8' | 'base64';
    }[];
  }
  const values = SENDABLE.filter((value) => value !== ':::');
  await Promise.all(
    names.map(async (name) => {
      const words = ['map', '-k', '--json', '--slots', '4', "printf '%s\\0' {}", ':::', ...values];
      const result = await runCli(['-F', fleet.configPath, '-t', '60', '-H', name, ...words], {
        env: fleet.env,
        cwd: dir,
        deadlineMs: 120_000,
      });
      const { results } = JSON.parse(result.out) as MapDocument;
      const said = results.map(({ status, stdout, stdoutEncoding }) => [
        status,
        Buffer.from(stdout, stdoutEncoding).toString('utf8'),
      ]);
      expect(said).toEqual(values.map((value) => ['ok', `${value}\0`]));
    }),
  );
}, 120_000);

test('what no two shells read alike is refused in one line that names it, and nothing is sent', async () => {
  const config = ['-F', fleet.configPath, '-H', names.join(',')];
  for (const value of HOSTILE.filter((one) => /[\0\n\r]/.test(one))) {
    for (const words of [
      ['exec', '--env', `TOKEN=${value}`, 'true'],
      ['exec', '--cwd', value, 'true'],
      ['exec', '--argv', '--', 'echo', value],
      ['map', '--env', `TOKEN=${value}`, 'true', ':::', 'a'],
      ['map', 'echo', ':::', 'a', value],
    ]) {
      const { code, out, err } = await run([...config, ...words], fleet.env);
      expect({ words, code, out }).toEqual({ words, code: 2, out: '' });
      expect(err).toMatch(/^pssh-ts: [^\n]*(TOKEN|--cwd|argument|value)[^\n]*\n$/);
    }
  }
});

test('a name of a variable is letters, digits and _, or refused', async () => {
  const config = ['-F', fleet.configPath, '-H', names.join(',')];
  for (const name of HOSTILE) {
    const env = { ...fleet.env, [name]: 'value' };
    for (const words of [
      ['--env', name],
      ['--env', `${name}=x`],
    ]) {
      const { code, err } = await run([...config, 'exec', '--dry-run', ...words, 'true'], env);
      const isName = /^[A-Za-z_]\w*(=|$)/.test(words[1] ?? '');
      expect([words[1], code]).toEqual([words[1], isName ? 0 : 2]);
      if (!isName) expect(err).toMatch(/^pssh-ts: [^\n]*(is no variable name|is not set here)[^\n]*\n$/);
    }
  }
});

test('a name of a job is a plain name, or refused', async () => {
  const config = ['-F', fleet.configPath, '-H', names.join(',')];
  // Behind another word these ask for help.
  for (const name of HOSTILE.filter((one) => one !== '--help')) {
    for (const words of [
      ['exec', '--detach', name, 'true'],
      ['jobs', 'wait', name],
      ['jobs', 'clean', name],
    ]) {
      if (/^[\w][\w.-]*$/.test(name) && name.length < 100) continue;
      const { code, out, err } = await run([...config, ...words], fleet.env);
      expect({ words, code, out }).toEqual({ words, code: 2, out: '' });
      expect(err).toMatch(/^pssh-ts: [^\n]+\n$/);
    }
  }
});
