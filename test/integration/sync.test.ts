import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { parseRun, runCli } from './cli.js';
import { addLinks, makeTree, snapshot } from './file-tree.js';

let fleet: Fleet;
let here: string;
let scenes = 0;

beforeAll(async () => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  fleet = await startFleet({ hosts: 2 });
}, 300_000);
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
beforeEach(() => {
  scenes += 1;
  here = join(fleet.dir, `scene${scenes}`);
  mkdirSync(join(here, 'remote'), { recursive: true });
});

const run = (args: readonly string[], env: NodeJS.ProcessEnv = fleet.env) =>
  runCli(['-F', fleet.configPath, ...args], { env, cwd: here });
const remote = (...parts: string[]) => join(here, 'remote', ...parts);

test('a tree goes to each host and comes back, links and all; a second time nothing has changed', async () => {
  mkdirSync(join(here, 'tree'));
  makeTree(join(here, 'tree'));
  addLinks(join(here, 'tree'));
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
      snapshot(join(here, 'tree'), { modes: true, times: true }),
    );
  expect(await changed(`:${remote('{host}')}/`, 'back')).toEqual([
    ['ok', true],
    ['ok', true],
  ]);
  for (const host of ['node1', 'node2'])
    expect(snapshot(join(here, 'back', host))).toEqual(snapshot(join(here, 'tree')));
});

test('--delete removes what is not in SRC; without it that stays', async () => {
  mkdirSync(join(here, 'tree'));
  writeFileSync(join(here, 'tree', 'kept'), 'x');
  writeFileSync(remote('extra'), 'x');
  expect((await run(['-H', 'node1', 'sync', 'tree/', `:${remote()}`])).code).toBe(0);
  expect(readdirSync(remote()).sort()).toEqual(['extra', 'kept']);
  expect((await run(['-H', 'node1', 'sync', '--delete', 'tree/', `:${remote()}`])).code).toBe(0);
  expect(readdirSync(remote())).toEqual(['kept']);
});

test('no login is made for it: it goes over the master', async () => {
  writeFileSync(join(here, 'file'), 'x');
  expect((await run(['-H', 'node1', 'exec', 'true'])).code).toBe(0);
  const before = await fleet.logins('node1');
  expect((await run(['-H', 'node1', 'sync', 'file', `:${remote()}`])).code).toBe(0);
  expect(await fleet.logins('node1')).toBe(before);
});

test('rsync missing there, and here, is told', async () => {
  writeFileSync(join(here, 'file'), 'x');
  const folder = join(fleet.dir, 'without');
  mkdirSync(folder);
  for (const from of ['/usr/bin', '/bin'])
    for (const program of readdirSync(from))
      if (program !== 'rsync' && !existsSync(join(folder, program)))
        symlinkSync(join(from, program), join(folder, program));
  await fleet.addHost({ name: 'bare', sshd: [`SetEnv PATH=${folder}`] });
  const there = await run(['-H', 'bare', 'sync', 'file', `:${remote()}`]);
  expect(there.err).toContain('bare: the host has no rsync; install it there');
  expect(there.code).toBe(5);
  const own = await run(['-H', 'node1', 'sync', 'file', `:${remote()}`], { ...fleet.env, PATH: folder });
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
