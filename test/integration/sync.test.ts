import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { parseRun } from './cli.js';
import { fileScene, folderWithout } from './file-scene.js';
import { addLinks, makeTree, snapshot } from './file-tree.js';

const HOSTILE_RSYNC = fileURLToPath(new URL('../fleet/hostile-rsync.mjs', import.meta.url));

const scene = fileScene(() => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  return 2;
});
const { run, remote, local, hostWith, hostWithout } = scene;

test('a tree goes to each host and comes back, links and all; a second time nothing has changed', async () => {
  mkdirSync(local('tree'));
  makeTree(local('tree'));
  addLinks(local('tree'));
  const changed = async (...words: string[]) =>
    parseRun(await run(['-H', 'node1,node2', 'sync', '--json', ...words])).results.map(
      ({ status, files }) => [status, files?.[0]?.changed],
    );
  expect(await changed('tree/', `:${remote('{host}')}`)).toEqual([
    ['ok', true],
    ['ok', true],
  ]);
  expect(await changed('tree/', `:${remote('{host}')}`)).toEqual([
    ['ok', false],
    ['ok', false],
  ]);
  for (const host of ['node1', 'node2'])
    expect(snapshot(remote(host), { modes: true, times: true })).toEqual(
      snapshot(local('tree'), { modes: true, times: true }),
    );
  expect(await changed(`:${remote('{host}')}/`, 'back')).toEqual([
    ['ok', true],
    ['ok', true],
  ]);
  for (const host of ['node1', 'node2'])
    expect(snapshot(local('back', host))).toEqual(snapshot(local('tree')));
});

test('--delete removes what is not in SRC; without it that stays', async () => {
  mkdirSync(local('tree'));
  writeFileSync(local('tree', 'kept'), 'x');
  writeFileSync(remote('extra'), 'x');
  expect((await run(['-H', 'node1', 'sync', 'tree/', `:${remote()}`])).code).toBe(0);
  expect(readdirSync(remote()).sort()).toEqual(['extra', 'kept']);
  expect((await run(['-H', 'node1', 'sync', '--delete', 'tree/', `:${remote()}`])).code).toBe(0);
  expect(readdirSync(remote())).toEqual(['kept']);
});

test('no login is made for it: it goes over the master', async () => {
  writeFileSync(local('file'), 'x');
  expect((await run(['-H', 'node1', 'exec', 'true'])).code).toBe(0);
  const before = await scene.fleet.logins('node1');
  expect((await run(['-H', 'node1', 'sync', 'file', `:${remote()}`])).code).toBe(0);
  expect(await scene.fleet.logins('node1')).toBe(before);
});

test('rsync missing there, and here, is told', async () => {
  writeFileSync(local('file'), 'x');
  await hostWithout('bare', ['rsync']);
  const there = await run(['-H', 'bare', 'sync', 'file', `:${remote()}`]);
  expect(there.err).toContain('bare: the host has no rsync; install it there');
  expect(there.code).toBe(5);
  const own = await run(['-H', 'node1', 'sync', 'file', `:${remote()}`], {
    env: { ...scene.fleet.env, PATH: folderWithout(join(scene.fleet.dir, 'without'), ['rsync']) },
  });
  expect(own.err).toContain('no rsync on PATH; install it');
  expect(own.code).not.toBe(0);
});

test('a missing source fails with its name; words that fit no direction are refused', async () => {
  const missing = await run(['-H', 'node1', 'sync', `:${remote('none')}`, 'back']);
  expect(missing.code).toBe(5);
  expect(missing.err).toContain('none');
  for (const words of [
    ['a', 'b'],
    [':a', ':b'],
    ['--rsync=-e sh', 'a', ':b'],
    ['--rsync=--rsync-path=x', 'a', ':b'],
  ])
    expect((await run(['-H', 'node1', 'sync', ...words])).code).toBe(2);
});

describe('a host whose rsync lies about names', () => {
  /** What it says next: the kind of lie, and the place it tells of. */
  const tell = (lie: string, place = ''): void =>
    writeFileSync(join(scene.fleet.dir, 'lie'), [lie, place].map((word) => `${word}\n`).join(''));
  beforeAll(async () => {
    const lie = join(scene.fleet.dir, 'lie');
    const words = `"$(sed -n 1p ${lie})" "$(sed -n 2p ${lie})" "$@"`;
    await hostWith('liar', { rsync: `#!/bin/sh\nexec ${process.execPath} ${HOSTILE_RSYNC} ${words}\n` });
  });
  const sync = async (): Promise<number | null> =>
    (await run(['-H', 'liar', 'sync', '--json', `:${remote()}/`, 'back'])).code;

  test('speaks as rsync does where it does not lie', async () => {
    tell('honest');
    const result = await run(['-H', 'liar', 'sync', '--json', `:${remote()}/`, 'back']);
    expect(parseRun(result).results[0]).toMatchObject({ status: 'ok', files: [{ bytes: 3, changed: true }] });
    expect(readFileSync(local('back', 'liar', 'honest'), 'utf8')).toBe('bad');
  });

  test.each([
    ['dotdot', () => 'escaped'],
    ['dotdot within', () => 'escaped'],
    ['absolute', () => local('escaped')],
    ['link out', () => local('outside')],
    ['link and folder', () => local('outside')],
  ])('%s: nothing is written outside DEST', async (lie, place) => {
    tell(lie, place());
    for (const folder of ['outside', 'back', 'back/liar']) mkdirSync(local(folder));
    const before = snapshot(scene.here);
    const code = await sync();
    // Of a name that is both the folder is taken, and then it is no lie any more.
    expect(code).toBe(lie === 'link and folder' ? 0 : 5);
    expect(snapshot(scene.here).filter((line) => !line.startsWith('"back/liar/'))).toEqual(before);
  });

  test.each([
    ['below the link', 5],
    ['folder for the link', 0],
    ['file for the link', 0],
  ])('%s that came before: nothing is written by way of it', async (lie, code) => {
    mkdirSync(local('outside'));
    tell('link', local('outside'));
    expect(await sync()).toBe(0);
    expect(lstatSync(local('back', 'liar', 'link')).isSymbolicLink()).toBe(true);
    tell(lie);
    expect(await sync()).toBe(code);
    expect(readdirSync(local('outside'))).toEqual([]);
  });

  test.each(['dotdot', 'dotdot within', 'absolute', 'link out', 'link and folder', 'honest'])(
    'get --via rsync: %s, which was not asked for, is refused and leaves nothing',
    async (lie) => {
      mkdirSync(remote('asked'));
      mkdirSync(local('outside'));
      mkdirSync(local('got'));
      tell(lie, lie.startsWith('dotdot') ? 'escaped' : local('outside', 'escaped'));
      const before = snapshot(scene.here);
      const result = await run(['-H', 'liar', 'get', '-r', '--via', 'rsync', remote('asked'), 'got']);
      expect(result.code).toBe(5);
      expect(snapshot(scene.here).filter((line) => line !== '"got/liar" folder')).toEqual(before);
    },
  );
});
