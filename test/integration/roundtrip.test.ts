import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { parseRun } from './cli.js';
import { fileScene } from './file-scene.js';
import { addLinks, leftovers, makeManyFiles, makeSparseFile, makeTree, snapshot } from './file-tree.js';

const GIGABYTE = 1024 ** 3;
const LONG = { deadlineMs: 300_000 };
const HOSTILE_SFTP = fileURLToPath(new URL('../fleet/hostile-sftp.mjs', import.meta.url));

const scene = fileScene(() => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  // Of the ciphers the one that most processors have instructions for: there are gigabytes.
  return [{ name: 'node1', sshd: ['Ciphers aes128-gcm@openssh.com'] }];
});
const { run, remote, local } = scene;

describe('there and back', () => {
  let tree: string;
  beforeAll(() => {
    tree = `${scene.fleet.dir}/tree`;
    mkdirSync(tree);
    makeTree(tree);
    makeManyFiles(`${tree}/many`);
    makeSparseFile(`${tree}/sparse`, GIGABYTE);
  });

  test.each(['tar', 'scp', 'rsync'])(
    'odd names, modes, times, 10,000 small files and a sparse gigabyte are equal by %s',
    async (via) => {
      const linked = local('tree');
      // A link would be followed by scp, and is refused by a get that goes by rsync.
      if (via === 'tar') addLinks(tree);
      // Anew: what was put in or taken out shows in the times of its folder.
      const expected = snapshot(tree, { modes: true, times: true });
      const put = await run(['-H', 'node1', 'put', '-r', '-p', '--via', via, tree, remote()], LONG);
      expect(put.err).toContain('1 host ok');
      const get = await run(['-H', 'node1', 'get', '-r', '-p', '--via', via, remote('tree'), 'got'], LONG);
      expect(get.err).toContain('1 host ok');
      expect(snapshot(remote('tree'), { modes: true, times: true })).toEqual(expected);
      expect(snapshot(local('got', 'node1', 'tree'), { modes: true, times: true })).toEqual(expected);
      expect(leftovers(local('got', 'node1')).concat(leftovers(remote()))).toEqual([]);
      // Its zeros are a hole again, where we write it ourselves or rsync does.
      const { blocks } = statSync(local('got', 'node1', 'tree', 'sparse'));
      if (via !== 'scp') expect(blocks * 512).toBeLessThan(10_000_000);
      for (const link of ['link', 'dangling', 'link to folder', 'deep/er/link up'])
        rmSync(`${tree}/${link}`, { force: true });
      for (const each of [remote('tree'), local('got'), linked])
        rmSync(each, { recursive: true, force: true });
    },
    600_000,
  );

  test('a sparse gigabyte by itself, as its plain bytes', async () => {
    const put = await run(['-H', 'node1', 'put', `${tree}/sparse`, remote()], LONG);
    expect(put.err).toContain('1 host ok');
    expect(snapshot(remote())).toEqual(snapshot(tree).filter((line) => line.startsWith('"sparse"')));
    rmSync(remote('sparse'));
  }, 300_000);
});

test('links go by tar, and to the hosts by rsync; scp and a get by rsync refuse them and say so', async () => {
  mkdirSync(local('tree'));
  writeFileSync(local('tree', 'empty'), '');
  mkdirSync(local('tree', 'deep', 'er'), { recursive: true });
  addLinks(local('tree'));
  const put = await run(['-H', 'node1', 'put', '-r', '--via', 'rsync', 'tree', remote()]);
  expect(put.err).toContain('1 host ok');
  expect(snapshot(remote('tree'))).toEqual(snapshot(local('tree')));
  const refused = async (...words: string[]) => {
    const result = await run(['-H', 'node1', ...words]);
    expect(result.code).toBe(5);
    return result.err;
  };
  expect(await refused('put', '-r', '--via', 'scp', 'tree', remote('other'))).toMatch(
    /tree\/\S+ is a link, which scp would follow; use --via tar/,
  );
  for (const via of ['scp', 'rsync'])
    expect(await refused('get', '-r', '--via', via, remote('tree'), 'got')).toMatch(
      new RegExp(`is no plain file or folder, which ${via} does not bring as it is; use --via tar`),
    );
  expect(await refused('put', '-r', '--via', 'rsync', 'tree/link to folder', remote('x'))).toContain(
    'is a link, which rsync would send as one',
  );
  expect(await refused('get', '-r', '--via', 'rsync', remote('tree', 'link to folder'), 'got')).toContain(
    'is a link, which rsync does not bring',
  );
  expect(existsSync(local('got', 'node1', 'tree'))).toBe(false);
});

test('by rsync only what differs goes over, by no login of its own, and --verify compares', async () => {
  const big = Buffer.alloc(3_000_000, 'some content of a file that stays the same ');
  writeFileSync(local('big'), big);
  expect((await run(['-H', 'node1', 'put', '--via', 'rsync', '--verify', 'big', remote()])).code).toBe(0);
  expect(readFileSync(remote('big')).equals(big)).toBe(true);
  const logins = await scene.fleet.logins('node1');
  big.write('other', 1_500_000);
  writeFileSync(local('big'), big);
  // Ten seconds and more, if all of it went.
  const slow = ['--via', 'rsync', '--limit-rate', '200KiB', '--json'];
  const put = await run(['-H', 'node1', 'put', ...slow, 'big', `${remote()}/`]);
  expect(parseRun(put).results[0]).toMatchObject({ status: 'ok', files: [{ dest: remote('big') }] });
  expect(readFileSync(remote('big')).equals(big)).toBe(true);
  expect(put.durationMs).toBeLessThan(10_000);
  cpSync(local('big'), remote('big'));
  const get = await run(['-H', 'node1', 'get', '--via', 'rsync', '--verify', remote('big'), 'got']);
  expect(get.err).toContain('1 host ok');
  expect(readFileSync(local('got', 'node1', 'big')).equals(big)).toBe(true);
  expect(await scene.fleet.logins('node1')).toBe(logins);
  expect(leftovers(scene.here)).toEqual([]);
});

test('a host without rsync is told, put and get', async () => {
  const bare = await scene.hostWithout('bare', ['rsync']);
  writeFileSync(local('file'), 'x');
  writeFileSync(remote('there'), 'x');
  for (const words of [
    ['put', '--via', 'rsync', 'file', remote('x')],
    ['get', '--via', 'rsync', remote('there'), 'got'],
  ]) {
    const result = await run(['-H', bare, ...words]);
    expect(result.err).toContain('bare: the host has no rsync; install it there');
    expect(result.code).toBe(5);
  }
  expect(leftovers(scene.here)).toEqual([]);
});

test.each(['dotdot', 'absolute', 'link'])(
  "an sftp-server that sends names of another place (%s) gets nothing past scp's folder",
  async (lie) => {
    const escaped = `escaped-${process.pid}-${lie}`;
    const host = `sftp-${lie}`;
    const sshd = [`Subsystem sftp ${process.execPath} ${HOSTILE_SFTP} ${lie} ${escaped}`];
    await scene.hostWith(host, {}, sshd);
    mkdirSync(remote('asked'));
    mkdirSync(local('got'));
    const outside = snapshot(scene.here);
    const result = await run(['-H', host, 'get', '-r', '--via', 'scp', '--json', remote('asked'), 'got']);
    expect(result.code).toBe(5);
    expect(parseRun(result).results[0]).toMatchObject({ status: 'failed', error: { code: 'ERR_TRANSFER' } });
    const own = `"got/${host}" folder`;
    expect(snapshot(scene.here).filter((line) => line !== own)).toEqual(outside);
    expect(existsSync(`/tmp/${escaped}`)).toBe(false);
  },
);
