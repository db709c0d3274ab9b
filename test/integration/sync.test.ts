import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { parseRun } from './cli.js';
import { fileScene, folderWithout } from './file-scene.js';
import { addLinks, makeTree, snapshot } from './file-tree.js';

const scene = fileScene(() => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  return 2;
});
const { run, remote, local, hostWithout } = scene;

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
