import {
  chmodSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseRun } from './cli.js';
import { fileScene } from './file-scene.js';
import { addLinks, leftovers, makeTree, snapshot } from './file-tree.js';

const scene = fileScene(() => 3);
const { run, remote, local } = scene;

describe.each(['mux', 'process'])('put over %s', (name) => {
  beforeAll(() => {
    scene.transport = name;
  });

  test.each(['auto', 'tar', 'scp'])(
    'a file to a new name, a folder, and over another, by %s',
    async (via) => {
      writeFileSync(local('app.ini'), 'one\n', { mode: 0o640 });
      const put = (dest: string) => run(['-H', 'node1', 'put', '--json', '--via', via, 'app.ini', dest]);
      const made = await put(remote('new.ini'));
      expect(made.err).toContain('1 host ok');
      expect(parseRun(made).results[0]).toMatchObject({
        status: 'ok',
        exitCode: null,
        files: [{ source: 'app.ini', dest: remote('new.ini'), bytes: 4, changed: true }],
      });
      expect((await put(remote())).code).toBe(0);
      expect(snapshot(remote()).length).toBe(2);
      expect(readFileSync(remote('app.ini'), 'utf8')).toBe('one\n');
      writeFileSync(local('app.ini'), 'two\n');
      expect((await put(remote('new.ini'))).code).toBe(0);
      expect(readFileSync(remote('new.ini'), 'utf8')).toBe('two\n');
      expect(leftovers(scene.here)).toEqual([]);
    },
  );

  test('a tree with all kinds of names comes out equal, a second time too', async () => {
    mkdirSync(local('tree'));
    makeTree(local('tree'));
    addLinks(local('tree'));
    for (let round = 0; round < 2; round += 1) {
      const result = await run(['-H', 'node1', 'put', '-r', '-p', '--verify', 'tree', remote()]);
      expect(result.err).toContain('1 host ok');
      expect(snapshot(remote('tree'), { modes: true, times: round === 0 })).toEqual(
        snapshot(local('tree'), { modes: true, times: round === 0 }),
      );
    }
    expect(leftovers(scene.here)).toEqual([]);
  });

  test('a file keeps the mode of the one it replaces; a new one may no more than ours', async () => {
    const modeOf = (file: string) => (statSync(remote(file)).mode & 0o777).toString(8);
    const past = new Date('2021-02-03T04:05:06Z');
    writeFileSync(local('tool'), 'new', { mode: 0o755 });
    chmodSync(local('tool'), 0o750);
    utimesSync(local('tool'), past, past);
    writeFileSync(remote('old'), 'old', { mode: 0o600 });
    await run(['-H', 'node1', 'put', 'tool', remote('old')]);
    expect([readFileSync(remote('old'), 'utf8'), modeOf('old')]).toEqual(['new', '600']);
    await run(['-H', 'node1', 'put', 'tool', remote('new')]);
    expect(modeOf('new')).toBe('750');
    chmodSync(local('tool'), 0o777);
    await run(['-H', 'node1', 'put', '-p', 'tool', remote('old')]);
    expect(modeOf('old')).toBe('777');
    expect(statSync(remote('old')).mtime).toEqual(past);
    chmodSync(local('tool'), 0o600);
    await run(['-H', 'node1', 'put', 'tool', remote('private')]);
    expect(modeOf('private')).toBe('600');
  });

  test('a link that stands there is followed, and stays a link', async () => {
    writeFileSync(local('file'), 'new');
    mkdirSync(remote('etc'));
    writeFileSync(remote('etc', 'real'), 'old');
    symlinkSync('etc/real', remote('link'));
    expect((await run(['-H', 'node1', 'put', 'file', remote('link')])).code).toBe(0);
    expect(snapshot(remote()).some((line) => line === '"link" -> etc/real')).toBe(true);
    expect(readFileSync(remote('etc', 'real'), 'utf8')).toBe('new');
  });

  test('templates name a file of ours and a place there for each host; --exec runs when they are there', async () => {
    for (const host of ['node1', 'node2']) {
      writeFileSync(local(`conf.${host}.ini`), `for ${host}`);
      mkdirSync(remote(host));
    }
    const words = ['conf.{host}.ini', `${remote('{host}')}/{index}of{count}-{{host}}-\${host}.ini`];
    const exec = ['--exec', `cat ${remote('$PSSH_HOST')}/*of*`];
    const result = await run(['-H', 'node1,node2', 'put', ...exec, ...words]);
    expect(result.code).toBe(0);
    expect(result.out.split('\n').sort()).toEqual(['', 'node1: for node1', 'node2: for node2']);
    expect(readFileSync(remote('node2', `1of2-{host}-$${'{host}'}.ini`), 'utf8')).toBe('for node2');
    const failing = await run([
      '-H',
      'node1',
      'put',
      '--json',
      '--exec',
      'echo no',
      words[0] ?? '',
      remote('none/x'),
    ]);
    expect(parseRun(failing).results.map(({ status }) => status)).toEqual(['failed', 'skipped']);
  });

  test('--if-changed sends what is another, and says what it left alone', async () => {
    mkdirSync(local('tree'));
    makeTree(local('tree'));
    writeFileSync(local('file'), 'one');
    const changed = async (...words: string[]) =>
      parseRun(await run(['-H', 'node1', 'put', '-r', '--json', '--if-changed', ...words])).results.flatMap(
        ({ files }) => files?.map((file) => [file.dest, file.changed]) ?? [],
      );
    for (const words of [
      ['file', remote('file')],
      ['tree', remote()],
    ]) {
      const dest = remote(words[0] ?? '');
      expect(await changed(...words)).toEqual([[dest, true]]);
      expect(await changed(...words)).toEqual([[dest, false]]);
    }
    writeFileSync(local('file'), 'two');
    writeFileSync(local('tree', 'empty'), 'no more');
    expect(await changed('file', 'tree', remote())).toEqual([
      [remote('file'), true],
      [remote('tree'), true],
    ]);
    expect(readFileSync(remote('tree', 'empty'), 'utf8')).toBe('no more');
  });
});

test('what can not be sent is told before anything is connected', async () => {
  mkdirSync(local('folder'));
  mkdirSync(local('a'));
  writeFileSync(local('a', 'file'), '');
  writeFileSync(local('file'), '');
  const fails = async (...words: string[]) => {
    const result = await run(['-H', 'node1', 'put', ...words]);
    expect(result.code).toBe(2);
    return result.err;
  };
  expect(await fails('none', '/tmp')).toContain('"none": there is no such file');
  expect(await fails('folder', '/tmp')).toContain('"folder" is a folder; -r (recursive) sends folders');
  expect(await fails('file', 'a/file', '/tmp')).toContain('would have one name, "file"');
  expect(await fails('--via', 'ftp', 'file', '/tmp')).toContain(
    'there is no way "ftp"; write one of auto, tar, scp, rsync',
  );
  expect(await fails('--limit-rate', '0', 'file', '/tmp')).toContain('lets nothing through');
});

test('one path goes to the home of the login; names with a dash or a colon are files', async () => {
  writeFileSync(local('-r'), 'dash');
  writeFileSync(local('a:b'), 'colon');
  expect((await run(['-H', 'node1', 'put', '--', '-r'])).code).toBe(0);
  expect((await run(['-H', 'node1', 'put', 'a:b', '.'])).code).toBe(0);
  expect((await run(['-H', 'node1', 'put', 'a:b', '~/tilde'])).code).toBe(0);
  const shown = await run(['-H', 'node1', 'exec', '-N', 'cat ./-r a:b tilde']);
  expect(shown.out).toBe('dashcoloncolon');
});

test('--limit-rate holds the bytes back', async () => {
  writeFileSync(local('file'), Buffer.alloc(300_000));
  const result = await run(['-H', 'node1', 'put', '--limit-rate', '200KiB', 'file', remote()]);
  expect(result.code).toBe(0);
  expect(result.durationMs).toBeGreaterThan(1_300);
});

test('several sources go to one folder; names that are one to no file system stay apart', async () => {
  writeFileSync(local('one'), '1');
  mkdirSync(local('two'));
  writeFileSync(local('two', 'inside'), '2');
  writeFileSync(local('ONE'), 'capitals');
  const result = await run(['-H', 'node1,node2', 'put', '-r', '--json', 'one', 'two', 'ONE', `${remote()}/`]);
  expect(parseRun(result).results[1]).toMatchObject({
    status: 'ok',
    files: [
      { source: 'one', dest: remote('one'), bytes: 1 },
      { source: 'two', dest: remote('two'), bytes: 1 },
      { source: 'ONE', dest: remote('ONE'), bytes: 8 },
    ],
  });
  expect(readFileSync(remote('two', 'inside'), 'utf8')).toBe('2');
  expect(readFileSync(remote('ONE'), 'utf8')).toBe('capitals');
});

test('an empty file', async () => {
  writeFileSync(local('empty'), '');
  for (const more of [[], ['--verify']]) {
    const result = await run(['-H', 'node1', 'put', ...more, 'empty', remote(`empty${more.length}`)]);
    expect(result.err).toContain('1 host ok');
    expect(statSync(remote(`empty${more.length}`)).size).toBe(0);
  }
});
