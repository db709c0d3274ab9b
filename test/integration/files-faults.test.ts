import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureProgram } from '../fleet/ensure-program.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { until } from '../fleet/until.js';
import { parseRun } from './cli.js';
import { fileScene } from './file-scene.js';
import { leftovers, makeTree, ODD_NAMES, snapshot } from './file-tree.js';

const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];

let accounts: Accounts;
let nodes: readonly { readonly name: string; readonly account: Account }[];

// After the fleet has been stopped: what comes last is begun with.
afterAll(() => accounts?.remove());

const scene = fileScene(() => {
  const log = (line: string): void => console.log(line);
  ensureProgram({ name: 'rsync', package: 'rsync' }, log);
  const shells = ensureShells(log);
  accounts = makeAccounts(LOGIN_SHELLS.map((name) => [name, shells[name]]));
  nodes = accounts.list.map((account, index) => ({ name: `s${index}-${account.shell}`, account }));
  return nodes.map(({ name, account }, index) => (index === 0 ? { name } : { name, user: account.user }));
});
const { run, remote, local, hostWith, hostWithout } = scene;

const self = () => nodes[0]?.name ?? '';

describe.each(['mux', 'process'])('faults of transfers over %s', (name) => {
  beforeAll(() => {
    scene.transport = name;
  });

  test('every login shell takes odd names both ways', async () => {
    const tree = local('tree');
    mkdirSync(tree);
    makeTree(tree);
    chmodSync(join(tree, 'secret'), 0o644);
    for (const odd of ODD_NAMES) writeFileSync(local(odd), odd);
    const all = nodes.map((node) => node.name).join(',');
    for (const node of nodes) {
      mkdirSync(remote(node.name));
      chmodSync(remote(node.name), 0o777);
    }
    const put = await run(['-t', '60', '-H', all, 'put', '-r', '--verify', 'tree', remote('{host}')]);
    expect(put.err).toContain(`${nodes.length} hosts ok`);
    for (const odd of ["it's $HOME `id` \\ !x", 'new\nline']) {
      const result = await run(['-H', all, 'put', '--verify', 'tree/empty', `${remote('{host}')}/${odd}`]);
      expect(result.err).toContain(`${nodes.length} hosts ok`);
      const got = await run(['-H', all, 'get', `${remote('{host}')}/${odd}`, 'odd']);
      expect(got.err).toContain(`${nodes.length} hosts ok`);
      for (const node of nodes) expect(readFileSync(local('odd', node.name, odd), 'utf8')).toBe('');
    }
    const get = await run(['-H', all, 'get', '-r', '--verify', `${remote('{host}')}/tr*`, 'got']);
    expect(get.err).toContain(`${nodes.length} hosts ok`);
    for (const node of nodes) {
      expect(snapshot(remote(node.name, 'tree'))).toEqual(snapshot(tree));
      expect(snapshot(local('got', node.name, 'tree'))).toEqual(snapshot(tree));
    }
    expect(leftovers(scene.here)).toEqual([]);
  });

  test.each(['auto', 'tar', 'scp', 'rsync'])(
    'kill -9 in the middle of a put by %s leaves the old file whole',
    async (via) => {
      writeFileSync(local('big'), Buffer.alloc(4_000_000, 'new'));
      writeFileSync(remote('big'), 'old');
      await run(['-H', self(), 'exec', 'true']);
      let pid = 0;
      const slow = ['--limit-rate', '100KiB', '--via', via];
      const killed = run(['-H', self(), 'put', ...slow, 'big', remote('big')], {
        onStart: (started) => {
          pid = started;
        },
      });
      await until(() => leftovers(remote()).length > 0, {
        what: 'the transfer to have begun',
        deadlineMs: 30_000,
      });
      process.kill(pid, 'SIGKILL');
      expect((await killed).code).toBe(null);
      expect(readFileSync(remote('big'), 'utf8')).toBe('old');
      const next = await run(['-H', self(), 'put', '--verify', 'big', remote('big')]);
      expect(next.err).toContain('1 host ok');
      expect(readFileSync(remote('big')).length).toBe(4_000_000);
      await until(() => leftovers(remote()).length === 0, {
        what: 'the temporary file to be gone',
        deadlineMs: 30_000,
      });
    },
  );

  test('a put whose shell was killed leaves a temporary, which the next one takes away', async () => {
    writeFileSync(local('file'), 'x');
    expect((await run(['-H', self(), 'put', 'file', remote()])).code).toBe(0);
    writeFileSync(local('big'), Buffer.alloc(4_000_000));
    // With --verify a shell of ours writes it.
    const slow = run([
      '-H',
      self(),
      'put',
      '--json',
      '--verify',
      '--limit-rate',
      '100KiB',
      'big',
      remote('big'),
    ]);
    await until(() => leftovers(remote()).length > 0, {
      what: 'the transfer to have begun',
      deadlineMs: 30_000,
    });
    const shell = Number(leftovers(remote())[0]?.split('.')[3]);
    process.kill(shell, 'SIGKILL');
    const failed = await slow;
    expect(failed.code).toBe(5);
    expect(parseRun(failed).results[0]).toMatchObject({ status: 'failed', error: { code: 'ERR_TRANSFER' } });
    expect(existsSync(remote('big'))).toBe(false);
    expect(leftovers(remote()).length).toBe(1);
    expect((await run(['-H', self(), 'put', 'file', remote()])).code).toBe(0);
    expect(leftovers(remote())).toEqual([]);
  });

  test.each([
    ['put', ['put', 'big']],
    ['put by a shell', ['put', '--verify', 'big']],
    ['put as tar', ['put', '--via', 'tar', 'big']],
    ['put by scp', ['put', '--via', 'scp', 'big']],
    ['put by rsync', ['put', '--via', 'rsync', 'big']],
    ['get', ['get', 'big']],
    ['get by scp', ['get', '--via', 'scp', 'big']],
    ['get by rsync', ['get', '--via', 'rsync', 'big']],
  ])('a %s that takes too long is ended, and leaves nothing', async (_, [command = '', ...words]) => {
    const big = Buffer.alloc(4_000_000, 'x');
    writeFileSync(command === 'put' ? local('big') : remote('big'), big);
    const place = command === 'put' ? words : [...words.slice(0, -1), remote('big')];
    const to = command === 'put' ? remote('here') : 'got';
    const result = await run([
      '-H',
      self(),
      command,
      '-u',
      '2s',
      '--limit-rate',
      '100KiB',
      '--json',
      ...place,
      to,
    ]);
    expect(parseRun(result).results[0]).toMatchObject({ status: 'timed-out', killed: 'confirmed' });
    expect(result.code).toBe(3);
    expect(existsSync(remote('here'))).toBe(false);
    expect(existsSync(local('got', self(), 'big'))).toBe(false);
    await until(() => leftovers(scene.here).length === 0, { what: 'nothing to be left', deadlineMs: 30_000 });
  });

  test('a full disk, a folder in the way and a missing folder are told with host and path', async () => {
    writeFileSync(local('file'), 'x'.repeat(100_000));
    mkdirSync(remote('folder', 'file'), { recursive: true });
    const programs = {
      dd: '#!/bin/sh\necho "dd: write error: No space left on device" >&2\nprintf "1+0 records out\\n0 bytes copied, 0 s\\n" >&2\nexit 1\n',
      tar: '#!/bin/sh\necho "tar: files/file: Cannot write: No space left on device" >&2\nexit 2\n',
    };
    const full = await hostWith(`full-${name}`, programs);
    const failed = async (host: string, ...words: string[]) => {
      const result = await run(['-H', host, 'put', ...words]);
      expect(result.code).toBe(5);
      return result.err;
    };
    expect(await failed(full, 'file', remote('x'))).toContain(
      `${full}: ${remote('x')}: dd: write error: No space left on device`,
    );
    expect(await failed(full, '--via', 'tar', 'file', remote('x'))).toContain(
      'Cannot write: No space left on device',
    );
    expect(await failed(self(), 'file', remote('folder'))).toContain(
      `${self()}: ${remote('folder', 'file')}: is a folder, where a file should go`,
    );
    expect(await failed(self(), 'file', remote('none', 'x'))).toContain(
      `${remote('none')}: there is no such folder`,
    );
    expect(await failed(self(), 'file', `${remote('none')}/`)).toContain(
      `${remote('none')}/: there is no such folder`,
    );
    expect(leftovers(scene.here)).toEqual([]);
  });

  test('permission denied and a read-only folder are told', async () => {
    const other = nodes[1]?.name;
    // Who is not root has no second account, and may not write where root alone may.
    const host = other ?? self();
    writeFileSync(local('file'), 'x');
    mkdirSync(remote('locked'));
    writeFileSync(remote('locked', 'secret'), 'x', { mode: 0o600 });
    chmodSync(remote('locked'), 0o555);
    if (other === undefined) chmodSync(remote('locked', 'secret'), 0);
    const put = await run(['-H', host, 'put', 'file', remote('locked')]);
    expect(put.err).toContain(`${host}: ${remote('locked')}: can not be written to (permission denied`);
    expect(put.code).toBe(5);
    const get = await run(['-H', host, 'get', remote('locked', 'secret'), 'got']);
    expect(get.err).toContain(`${host}: ${remote('locked', 'secret')}: can not be read (permission denied)`);
    chmodSync(remote('locked'), 0o755);
  });

  test('a host without tar is served by scp, and --via tar says what is missing', async () => {
    const host = await hostWithout(`no-tar-${name}`, ['tar']);
    mkdirSync(local('tree'));
    writeFileSync(local('tree', 'a b'), 'x');
    const put = await run(['-H', host, 'put', '-r', '--verify', 'tree', remote()]);
    expect(put.err).toContain('1 host ok');
    expect(snapshot(remote())).toEqual(snapshot(scene.here).filter((line) => line.startsWith('"tree')));
    const get = await run(['-H', host, 'get', '-r', '--verify', remote('tree'), 'got']);
    expect(get.err).toContain('1 host ok');
    expect(readFileSync(local('got', host, 'tree', 'a b'), 'utf8')).toBe('x');
    const tar = await run(['-H', host, 'put', '-r', '--via', 'tar', 'tree', remote()]);
    expect(tar.err).toContain('the host has no tar');
    expect(tar.code).toBe(5);
  });

  test('--verify needs a program for it, and takes any of three', async () => {
    writeFileSync(local('file'), 'x');
    const none = await hostWithout(`no-sums-${name}`, ['sha256sum', 'shasum', 'openssl']);
    const refused = await run(['-H', none, 'put', '--verify', 'file', remote('x')]);
    expect(refused.err).toContain('no sha256sum, shasum or openssl');
    expect(existsSync(remote('x'))).toBe(false);
    for (const [place, missing] of [['sha256sum'], ['sha256sum', 'shasum']].entries()) {
      const host = await hostWithout(`sums${place}-${name}`, missing);
      const put = await run(['-H', host, 'put', '--verify', 'file', remote(`${place}`)]);
      expect(put.err).toContain('1 host ok');
      const tree = await run(['-H', host, 'put', '--verify', '--via', 'tar', 'file', remote(`${place}t`)]);
      expect(tree.err).toContain('1 host ok');
      const get = await run(['-H', host, 'get', '--verify', remote(`${place}`), 'got']);
      expect(get.err).toContain('1 host ok');
    }
  });

  test('what came is counted: by what dd says, or by ls where dd says something else', async () => {
    writeFileSync(local('file'), 'x'.repeat(100_000));
    writeFileSync(remote('old'), 'old', { mode: 0o640 });
    const dds = {
      silent: '#!/bin/sh\ncat; echo "1+1 records out" >&2\n',
      other: '#!/bin/sh\ncat; printf "1+1 records out\\n2100000 bytes\\n" >&2\n',
      short: '#!/bin/sh\nhead -c 99999; cat >/dev/null; printf "1+1 records out\\n99999 bytes\\n" >&2\n',
    };
    for (const [what, dd] of Object.entries(dds)) {
      const host = await hostWith(`${what}-${name}`, { dd });
      const result = await run(['-H', host, 'put', 'file', remote('old')]);
      if (what === 'short') expect(result.err).toContain('cut short, 99999 of 100000 bytes came');
      else expect(result.err).toContain('1 host ok');
      expect(readFileSync(remote('old')).length).toBe(100_000);
      expect(statSync(remote('old')).mode & 0o777).toBe(0o640);
    }
    expect(leftovers(remote())).toEqual([]);
  });

  test('--verify finds what was changed on the way', async () => {
    writeFileSync(local('file'), 'honest');
    const liar = await hostWith(`liar-${name}`, {
      dd: '#!/bin/sh\n/bin/cat >/dev/null\nprintf altere\nprintf "0+1 records out\\n6 bytes copied\\n" >&2\n',
      tar: '#!/bin/sh\n/bin/tar "$@"; s=$?\nif test -f files/file; then printf altere > files/file; fi\nexit $s\n',
    });
    for (const via of ['auto', 'tar']) {
      const result = await run(['-H', liar, 'put', '--via', via, '--verify', 'file', remote('x')]);
      expect(result.err).toContain('what was written is not what was sent (SHA-256)');
      expect(result.code).toBe(5);
      expect(existsSync(remote('x'))).toBe(false);
    }
    expect(leftovers(scene.here)).toEqual([]);
  });

  test.each([
    ['a name with ..', [{ name: '../../../escaped', text: 'bad' }], 'leads out of the folder'],
    ['an absolute name', [{ name: '/tmp/escaped', text: 'bad' }], 'an absolute name'],
    [
      'a file by way of a link',
      [
        { name: 'asked', type: 'directory' },
        { name: 'asked/out', type: 'symlink', linkname: '../../..' },
        { name: 'asked/out/escaped', text: 'bad' },
      ],
      'a link that leads out of the folder',
    ],
    ['what nobody asked for', [{ name: 'escaped', text: 'bad' }], 'what was not asked for'],
  ] as const)('a host whose tar sends %s is refused', async (what, entries, said) => {
    const stream = pack();
    for (const { text = '', ...header } of entries as readonly { name: string; text?: string }[])
      stream.entry(header, text);
    stream.finalize();
    const pieces: Buffer[] = [];
    for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
    const archive = local('hostile.tar');
    writeFileSync(archive, Buffer.concat(pieces));
    const host = `${what.replaceAll(/\W+/g, '-')}-${name}`;
    await hostWith(host, { tar: `#!/bin/sh\nexec /bin/cat ${archive}\n` });
    mkdirSync(remote('asked'));
    mkdirSync(local('local'));
    const before = snapshot(scene.here);
    const result = await run(['-H', host, 'get', '-r', '--json', remote('asked'), 'local']);
    expect(result.code).toBe(5);
    const [only] = parseRun(result).results;
    expect(only).toMatchObject({ status: 'failed', exitCode: null, error: { code: 'ERR_TRANSFER' } });
    expect(only?.error?.message).toContain(said);
    const allowed = [`"local/${host}" folder`];
    expect(snapshot(scene.here).filter((line) => !allowed.includes(line))).toEqual(before);
    expect(existsSync('/tmp/escaped')).toBe(false);
  });
});
