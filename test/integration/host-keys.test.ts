import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { parseRun, runCli } from './cli.js';

let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'one' },
      { name: 'two' },
      { name: 'changed', kind: 'wrong-host-key' },
      { name: 'behind', sameServerAs: 'two', client: ['ProxyJump one'] },
    ],
  });
  folder = fleet.dir;
});
afterEach(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await rm(join(folder, 'keys'), { force: true });
});
afterAll(async () => {
  await fleet.stop();
  expect(await leftovers(fleet.dir)).toEqual({ files: [], processes: [] });
});

const exec = async (hosts: string, ...args: readonly string[]) => {
  const shared = ['-F', fleet.configPath, '-t', '30', '-H', hosts];
  return runCli([...shared, ...args, 'exec', '--json', 'true'], { env: fleet.env });
};
const statuses = (run: Awaited<ReturnType<typeof exec>>) =>
  parseRun(run).results.map(({ host, status }) => `${host} ${status}`);

test('keys come from the file that is named, and a host that is not in it is refused', async () => {
  const keys = join(folder, 'keys');
  const known = await readFile(join(folder, 'known_hosts'), 'utf8');
  await writeFile(keys, '');
  const none = await exec('one,two', '--known-hosts', keys);
  expect(statuses(none)).toEqual(['one host-key-failed', 'two host-key-failed']);
  expect(none.code).toBe(4);
  await writeFile(keys, known);
  expect(statuses(await exec('one,two', '--known-hosts', keys))).toEqual(['one ok', 'two ok']);
});

test('--accept-new takes unknown keys and keeps them; afterwards they are known without it', async () => {
  // The file is made; its name is one that ssh would read in other ways.
  const keys = join(folder, 'keys of 100%h');
  try {
    expect(statuses(await exec('one,two', '--known-hosts', keys, '--accept-new'))).toEqual([
      'one ok',
      'two ok',
    ]);
    expect((await readFile(keys, 'utf8')).trim().split('\n').length).toBeGreaterThanOrEqual(2);
    await runCli(['masters', 'close'], { env: fleet.env });
    expect(statuses(await exec('one,two', '--known-hosts', keys))).toEqual(['one ok', 'two ok']);
  } finally {
    await rm(keys, { force: true });
  }
});

test('--accept-new never takes a changed key, whatever else is asked for', async () => {
  for (const more of [[], ['-o', 'StrictHostKeyChecking=no']]) {
    const run = await exec('changed', '--accept-new', ...more);
    expect(statuses(run)).toEqual(['changed host-key-failed']);
    expect(parseRun(run).results[0]?.error?.message).toContain('IDENTIFICATION HAS CHANGED');
  }
});

test("a jump host's key is looked for in the same file", async () => {
  const keys = join(folder, 'keys');
  await writeFile(keys, '');
  const none = await exec('behind', '--known-hosts', keys);
  expect(statuses(none)).toEqual(['behind host-key-failed']);
  expect(parseRun(none).results[0]?.error?.message).toContain('jump host one');
  expect(statuses(await exec('behind', '--known-hosts', keys, '--accept-new'))).toEqual(['behind ok']);
  expect((await readFile(keys, 'utf8')).trim().split('\n').length).toBeGreaterThanOrEqual(2);
});

test('what is no file of host keys is refused before anything is run', async () => {
  const cases: readonly (readonly [args: readonly string[], message: string])[] = [
    [['--known-hosts', '/no/such'], '--known-hosts: no file "/no/such"'],
    [['--known-hosts', '/no/such', '--accept-new'], '--known-hosts: no file "/no/such"'],
    [['--known-hosts', folder], 'is a folder'],
    [['--known-hosts', '/dev/null', '--accept-new'], '--known-hosts: "/dev/null" is no regular file'],
  ];
  for (const [args, message] of cases) {
    const run = await exec('one', ...args);
    expect(run.err).toContain(message);
    expect(run.code).toBe(2);
  }
});
