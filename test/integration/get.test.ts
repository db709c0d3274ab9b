import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { parseRun } from './cli.js';
import { fileScene } from './file-scene.js';
import { addLinks, leftovers, makeTree, ODD_NAMES, snapshot } from './file-tree.js';

const MANY = Array.from({ length: 50 }, (_, place) => `many${place + 1}`);
const scene = fileScene(() => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  return [
    { name: 'node1' },
    { name: 'node2' },
    { name: 'Node1', sameServerAs: 'node2' },
    ...MANY.map((name, place) => ({ name, sameServerAs: `node${(place % 2) + 1}` })),
  ];
});
const { run, remote, local } = scene;

/** An ssh_config in which one machine has all of these names. */
function configFor(names: readonly string[]): string {
  const { address, port } = scene.fleet.host('node1');
  const machine = [`Host ${names.join(' ')}`, `  HostName ${address}`, `  Port ${port}`, ''];
  writeFileSync(local('config'), machine.join('\n') + readFileSync(scene.fleet.configPath, 'utf8'));
  return local('config');
}

describe.each(['mux', 'process'])('get over %s', (name) => {
  beforeAll(() => {
    scene.transport = name;
  });

  test.each(['auto', 'tar', 'scp'])('a file of two hosts, each to its own folder, by %s', async (via) => {
    writeFileSync(remote('app.log'), 'said\n');
    const result = await run(['-H', 'node1,node2', 'get', '--via', via, '--json', remote('app.log'), 'logs']);
    expect(result.err).toContain('2 hosts ok');
    expect(parseRun(result).results[1]).toMatchObject({
      files: [
        { source: remote('app.log'), dest: local('logs', 'node2', 'app.log'), bytes: 5, changed: true },
      ],
    });
    for (const host of ['node1', 'node2'])
      expect(readFileSync(local('logs', host, 'app.log'), 'utf8')).toBe('said\n');
    expect(leftovers(scene.here)).toEqual([]);
  });

  test('a tree with all kinds of names comes equal, a second time too', async () => {
    mkdirSync(remote('tree'));
    makeTree(remote('tree'));
    addLinks(remote('tree'));
    for (let round = 0; round < 2; round += 1) {
      const result = await run(['-H', 'node1', 'get', '-r', '-p', '--verify', remote('tree')]);
      expect(result.err).toContain('1 host ok');
      expect(snapshot(local('node1', 'tree'), { modes: true, times: round === 0 })).toEqual(
        snapshot(remote('tree'), { modes: true, times: round === 0 }),
      );
    }
    expect(leftovers(scene.here)).toEqual([]);
  });

  test('each odd name by itself, and all of them by a pattern', async () => {
    for (const odd of ODD_NAMES) writeFileSync(remote(odd), odd);
    const escaped = ODD_NAMES.map((odd) => remote(odd).replaceAll('{', '{{').replaceAll('}', '}}'));
    const single = await run(['-H', 'node1', 'get', ...escaped, 'single']);
    expect(single.err).toContain('1 host ok');
    expect(snapshot(local('single', 'node1'))).toEqual(snapshot(remote()));
    const pattern = await run(['-H', 'node1', 'get', remote('*'), remote('.[!.]*'), remote('..d*'), 'all']);
    expect(pattern.err).toContain('1 host ok');
    expect(snapshot(local('all', 'node1'))).toEqual(snapshot(remote()));
  });

  test('a link that is named is followed, to a file and to a folder', async () => {
    mkdirSync(remote('v2'));
    writeFileSync(remote('v2', 'file'), 'content');
    symlinkSync('v2', remote('current'));
    symlinkSync('v2/file', remote('link'));
    const result = await run(['-H', 'node1', 'get', '-r', remote('current'), remote('link'), 'got']);
    expect(result.err).toContain('1 host ok');
    expect(readFileSync(local('got/node1/current/file'), 'utf8')).toBe('content');
    expect(readFileSync(local('got/node1/link'), 'utf8')).toBe('content');
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
    expect(readFileSync(local('got', 'node1', 'secret'), 'utf8')).toBe('other');
  });
});

test('one name from 50 hosts is 50 files, each that of its host', async () => {
  for (const host of MANY) writeFileSync(remote(`id.${host}`), host);
  const result = await run(['-H', MANY.join(','), 'get', '--json', remote('id.{host}'), 'got']);
  expect(result.err).toContain('50 hosts ok');
  for (const host of MANY) expect(readFileSync(local('got', host, `id.${host}`), 'utf8')).toBe(host);
  writeFileSync(remote('name'), 'x');
  const flat = await run(['-H', MANY.join(','), 'get', '--flat', remote('name'), 'flat']);
  expect(flat.err).toContain('50 hosts ok');
  expect(snapshot(local('flat')).length).toBe(50);
});

test('two hosts whose files would have one name by --flat: the second is refused, nothing is lost', async () => {
  // `a` of the host b.c and `a.b` of the host c.
  writeFileSync(remote('a'), 'of b.c');
  writeFileSync(remote('a.b'), 'of c');
  await scene.fleet.addHost({ name: 'b.c', sameServerAs: 'node1' });
  await scene.fleet.addHost({ name: 'c', sameServerAs: 'node2' });
  const own = ['-f', '1', '-H', 'b.c,c', 'get', '--flat', '--ignore-missing', '--json'];
  const result = await run([...own, `${remote()}/[a]*`, 'flat']);
  expect(result.code).toBe(5);
  expect(parseRun(result).results.map(({ status }) => status)).toEqual(['ok', 'failed']);
  expect(parseRun(result).results[1]?.error?.message).toContain('leave out --flat');
  expect(readFileSync(local('flat', 'a.b.c'), 'utf8')).toBe('of b.c');
});

test('paths of both sides are templates; files of two folders come by each means', async () => {
  mkdirSync(remote('x'));
  writeFileSync(remote('conf.node1'), 'one');
  writeFileSync(remote('x', 'conf.2'), 'two');
  for (const via of ['auto', 'tar', 'scp', 'rsync']) {
    const words = [
      remote('conf.{host}'),
      `${remote('x')}/conf.{count}*`,
      remote('x', '*.2'),
      `got-${via}-{index}`,
    ];
    const result = await run([
      '-H',
      'node1,node2',
      'get',
      '--via',
      via,
      '--ignore-missing',
      '--json',
      ...words,
    ]);
    expect(result.code).toBe(0);
    expect(readFileSync(local(`got-${via}-0`, 'node1', 'conf.node1'), 'utf8')).toBe('one');
    expect(readFileSync(local(`got-${via}-1`, 'node2', 'conf.2'), 'utf8')).toBe('two');
    expect(parseRun(result).results[1]).toMatchObject({ files: [{ bytes: 3, changed: true }] });
  }
});

test.each([
  ['folders', []],
  ['files by --flat', ['--flat']],
  ['folders by scp', ['--via', 'scp']],
  ['folders by rsync', ['--via', 'rsync']],
])('names of hosts that differ in case or in a slash alone: %s of their own', async (_, how) => {
  const names = ['node1', 'Node1', 'NODE1', 'up/down', 'up%2fdown', 'up_down', 'Up/down', '..', '...'];
  const config = configFor(names);
  for (const index of names.keys()) {
    mkdirSync(remote(`${index}`));
    writeFileSync(remote(`${index}`, 'id'), names[index] ?? '');
  }
  const words = ['-F', config, '-H', names.join(','), 'get', ...how, '--json'];
  const result = await run([...words, remote('{index}', 'id'), 'got']);
  expect(result.err).toContain('9 hosts ok');
  const places = parseRun(result).results.flatMap(({ files }) => files?.map(({ dest }) => dest) ?? []);
  // As a file system has them that knows no capitals.
  expect(new Set(places.map((place) => place.toLowerCase())).size).toBe(names.length);
  expect(places.map((place) => readFileSync(place, 'utf8'))).toEqual(names);
  for (const place of places) expect(place.startsWith(`${local('got')}/`)).toBe(true);
  expect(readdirSync(scene.here).sort()).toEqual(['config', 'got', 'remote']);
});

test('put and sync to a host with a slash in its name go to the host', async () => {
  const host = 'up/down';
  const config = configFor([host]);
  writeFileSync(local('file'), 'x');
  mkdirSync(local('up'));
  for (const words of [
    ['put', '--via', 'scp', 'file', remote('scp')],
    ['put', '--via', 'rsync', 'file', remote('rsync')],
    ['sync', 'file', `:${remote('sync')}`],
  ]) {
    const result = await run(['-F', config, '-H', host, ...words]);
    expect(result.err).toContain('1 host ok');
  }
  expect(readdirSync(remote()).sort()).toEqual(['rsync', 'scp', 'sync']);
  expect(readdirSync(local('up'))).toEqual([]);
});

test('a folder needs -r; nothing is left of a get that fails', async () => {
  mkdirSync(remote('folder'));
  writeFileSync(remote('fine'), 'x');
  const result = await run(['-H', 'node1', 'get', remote('fine'), remote('folder'), 'got']);
  expect(result.code).toBe(5);
  expect(result.err).toContain(`${remote('folder')}: is a folder; -r (recursive) brings folders`);
  expect(leftovers(scene.here)).toEqual([]);
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
  expect(readFileSync(local('reports', 'node1', 'report.node1'), 'utf8')).toBe('made\n');
  const bad = await run(['-H', 'node1', 'exec', '--fetch', 'nothing', 'true']);
  expect(bad.code).toBe(2);
  expect(bad.err).toContain('write REMOTE:LOCAL');
});
