import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { addLinks, leftovers, makeTree, ODD_NAMES, snapshot } from './file-tree.js';

let fleet: Fleet;
let here: string;
let scenes = 0;
const MANY = Array.from({ length: 50 }, (_, place) => `many${place + 1}`);

beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'node1' },
      { name: 'node2' },
      { name: 'Node1', sameServerAs: 'node2' },
      ...MANY.map((name, place) => ({ name, sameServerAs: `node${(place % 2) + 1}` })),
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
beforeEach(() => {
  scenes += 1;
  here = join(fleet.dir, `scene${scenes}`);
  mkdirSync(join(here, 'remote'), { recursive: true });
});

let transport = 'auto';
const run = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', fleet.configPath, '--transport', transport, ...args], {
    env: fleet.env,
    cwd: here,
    ...options,
  });
const remote = (...parts: string[]) => join(here, 'remote', ...parts);

describe.each(['mux', 'process'])('get over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  test.each(['auto', 'tar', 'scp'])('a file of two hosts, each to its own folder, by %s', async (via) => {
    writeFileSync(remote('app.log'), 'said\n');
    const result = await run(['-H', 'node1,node2', 'get', '--via', via, '--json', remote('app.log'), 'logs']);
    expect(result.err).toContain('2 hosts ok');
    expect(parseRun(result).results[1]).toMatchObject({
      files: [
        { source: remote('app.log'), dest: join(here, 'logs', 'node2', 'app.log'), bytes: 5, changed: true },
      ],
    });
    for (const host of ['node1', 'node2'])
      expect(readFileSync(join(here, 'logs', host, 'app.log'), 'utf8')).toBe('said\n');
    expect(leftovers(here)).toEqual([]);
  });

  test('a tree with all kinds of names comes equal, a second time too', async () => {
    mkdirSync(remote('tree'));
    makeTree(remote('tree'));
    addLinks(remote('tree'));
    for (let round = 0; round < 2; round += 1) {
      const result = await run(['-H', 'node1', 'get', '-r', '-p', '--verify', remote('tree')]);
      expect(result.err).toContain('1 host ok');
      expect(snapshot(join(here, 'node1', 'tree'), { modes: true, times: round === 0 })).toEqual(
        snapshot(remote('tree'), { modes: true, times: round === 0 }),
      );
    }
    expect(leftovers(here)).toEqual([]);
  });

  test('each odd name by itself, and all of them by a pattern', async () => {
    for (const odd of ODD_NAMES) writeFileSync(remote(odd), odd);
    const escaped = ODD_NAMES.map((odd) => remote(odd).replaceAll('{', '{{').replaceAll('}', '}}'));
    const single = await run(['-H', 'node1', 'get', ...escaped, 'single']);
    expect(single.err).toContain('1 host ok');
    expect(snapshot(join(here, 'single', 'node1'))).toEqual(snapshot(remote()));
    const pattern = await run(['-H', 'node1', 'get', remote('*'), remote('.[!.]*'), remote('..d*'), 'all']);
    expect(pattern.err).toContain('1 host ok');
    expect(snapshot(join(here, 'all', 'node1'))).toEqual(snapshot(remote()));
  });

  test('a link that is named is followed, to a file and to a folder', async () => {
    mkdirSync(remote('v2'));
    writeFileSync(remote('v2', 'file'), 'content');
    symlinkSync('v2', remote('current'));
    symlinkSync('v2/file', remote('link'));
    const result = await run(['-H', 'node1', 'get', '-r', remote('current'), remote('link'), 'got']);
    expect(result.err).toContain('1 host ok');
    expect(readFileSync(join(here, 'got/node1/current/file'), 'utf8')).toBe('content');
    expect(readFileSync(join(here, 'got/node1/link'), 'utf8')).toBe('content');
  });

  test("what is missing is that host's failure; --ignore-missing passes it over", async () => {
    writeFileSync(remote('of node1'), 'x');
    const ask = [remote('of {host}'), 'got'];
    const result = await run(['-H', 'node1,node2', 'get', '--json', ...ask]);
    expect(result.code).toBe(5);
    expect(parseRun(result).results).toMatchObject([
      { status: 'ok' },
      {
        status: 'failed',
        exitCode: null,
        error: { code: 'ERR_TRANSFER', message: `${remote('of node2')}: there is no such file or folder` },
      },
    ]);
    const passed = await run(['-H', 'node1,node2', 'get', '--ignore-missing', '--json', ...ask]);
    expect(passed.code).toBe(0);
    expect(parseRun(passed).results[1]).toMatchObject({ status: 'ok', files: [] });
  });

  test('--if-changed leaves alone what is the same', async () => {
    makeTree(remote());
    const get = async () =>
      parseRun(
        await run([
          '-H',
          'node1',
          'get',
          '-r',
          '--if-changed',
          '--json',
          remote('deep'),
          remote('secret'),
          'got',
        ]),
      );
    expect((await get()).results[0]).toMatchObject({ files: [{ changed: true }, { changed: true }] });
    expect((await get()).results[0]).toMatchObject({ files: [{ changed: false }, { changed: false }] });
    writeFileSync(remote('secret'), 'other');
    expect((await get()).results[0]).toMatchObject({ files: [{ changed: false }, { changed: true }] });
    expect(readFileSync(join(here, 'got', 'node1', 'secret'), 'utf8')).toBe('other');
  });
});

test('one name from 50 hosts is 50 files, each that of its host', async () => {
  for (const host of MANY) writeFileSync(remote(`id.${host}`), host);
  const result = await run(['-H', MANY.join(','), 'get', '--json', remote('id.{host}'), 'got']);
  expect(result.err).toContain('50 hosts ok');
  for (const host of MANY) expect(readFileSync(join(here, 'got', host, `id.${host}`), 'utf8')).toBe(host);
  writeFileSync(remote('name'), 'x');
  const flat = await run(['-H', MANY.join(','), 'get', '--flat', remote('name'), 'flat']);
  expect(flat.err).toContain('50 hosts ok');
  expect(snapshot(join(here, 'flat')).length).toBe(50);
});

test('hosts whose names differ in case alone have folders that differ in more', async () => {
  writeFileSync(remote('name'), 'x');
  const result = await run(['-H', 'node1,Node1', 'get', '--json', remote('name'), 'got']);
  expect(result.code).toBe(0);
  const places = parseRun(result).results.flatMap(
    ({ files }) => files?.map(({ dest }) => dest.toLowerCase()) ?? [],
  );
  expect(new Set(places).size).toBe(2);
});

test('a folder needs -r; nothing is left of a get that fails', async () => {
  mkdirSync(remote('folder'));
  writeFileSync(remote('fine'), 'x');
  const result = await run(['-H', 'node1', 'get', remote('fine'), remote('folder'), 'got']);
  expect(result.code).toBe(5);
  expect(result.err).toContain(`${remote('folder')}: is a folder; -r (recursive) brings folders`);
  expect(leftovers(here)).toEqual([]);
});

test('exec --fetch brings what the command has made, of each host where it went well', async () => {
  const command = `test $PSSH_HOST = node1 && echo made > ${remote('report.$PSSH_HOST')}`;
  const fetch = ['--fetch', `${remote('report.{host}')}:reports`];
  const result = await run(['-H', 'node1,node2', 'exec', '--json', ...fetch, command]);
  expect(result.code).toBe(5);
  expect(parseRun(result).results.map(({ status, step }) => [step, status])).toEqual([
    [0, 'ok'],
    [1, 'ok'],
    [0, 'failed'],
    [1, 'skipped'],
  ]);
  expect(readFileSync(join(here, 'reports', 'node1', 'report.node1'), 'utf8')).toBe('made\n');
  const bad = await run(['-H', 'node1', 'exec', '--fetch', 'nothing', 'true']);
  expect(bad.code).toBe(2);
  expect(bad.err).toContain('write REMOTE:LOCAL');
});
