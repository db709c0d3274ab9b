import {
  chmodSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { addLinks, leftovers, makeTree, snapshot } from './file-tree.js';

let fleet: Fleet;
let here: string;
let scenes = 0;

beforeAll(async () => {
  fleet = await startFleet({ hosts: 3 });
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

describe.each(['mux', 'process'])('put over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  test.each(['auto', 'tar', 'scp'])(
    'a file to a new name, a folder, and over another, by %s',
    async (via) => {
      writeFileSync(join(here, 'app.ini'), 'one\n', { mode: 0o640 });
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
      writeFileSync(join(here, 'app.ini'), 'two\n');
      expect((await put(remote('new.ini'))).code).toBe(0);
      expect(readFileSync(remote('new.ini'), 'utf8')).toBe('two\n');
      expect(leftovers(here)).toEqual([]);
    },
  );

  test('a tree with all kinds of names comes out equal, a second time too', async () => {
    mkdirSync(join(here, 'tree'));
    makeTree(join(here, 'tree'));
    addLinks(join(here, 'tree'));
    for (let round = 0; round < 2; round += 1) {
      const result = await run(['-H', 'node1', 'put', '-r', '-p', '--verify', 'tree', remote()]);
      expect(result.err).toContain('1 host ok');
      expect(snapshot(remote('tree'), { modes: true, times: round === 0 })).toEqual(
        snapshot(join(here, 'tree'), { modes: true, times: round === 0 }),
      );
    }
    expect(leftovers(here)).toEqual([]);
  });

  test('a file keeps the mode of the one it replaces; a new one may no more than ours', async () => {
    const modeOf = (file: string) => (statSync(remote(file)).mode & 0o777).toString(8);
    const past = new Date('2021-02-03T04:05:06Z');
    writeFileSync(join(here, 'tool'), 'new', { mode: 0o755 });
    chmodSync(join(here, 'tool'), 0o750);
    utimesSync(join(here, 'tool'), past, past);
    writeFileSync(remote('old'), 'old', { mode: 0o600 });
    await run(['-H', 'node1', 'put', 'tool', remote('old')]);
    expect([readFileSync(remote('old'), 'utf8'), modeOf('old')]).toEqual(['new', '600']);
    await run(['-H', 'node1', 'put', 'tool', remote('new')]);
    expect(modeOf('new')).toBe('750');
    chmodSync(join(here, 'tool'), 0o777);
    await run(['-H', 'node1', 'put', '-p', 'tool', remote('old')]);
    expect(modeOf('old')).toBe('777');
    expect(statSync(remote('old')).mtime).toEqual(past);
    chmodSync(join(here, 'tool'), 0o600);
    await run(['-H', 'node1', 'put', 'tool', remote('private')]);
    expect(modeOf('private')).toBe('600');
  });

  test('a link that stands there is followed, and stays a link', async () => {
    writeFileSync(join(here, 'file'), 'new');
    mkdirSync(remote('etc'));
    writeFileSync(remote('etc', 'real'), 'old');
    symlinkSync('etc/real', remote('link'));
    expect((await run(['-H', 'node1', 'put', 'file', remote('link')])).code).toBe(0);
    expect(snapshot(remote()).some((line) => line === '"link" -> etc/real')).toBe(true);
    expect(readFileSync(remote('etc', 'real'), 'utf8')).toBe('new');
  });

  test('templates name a file of ours and a place there for each host; --exec runs when they are there', async () => {
    for (const host of ['node1', 'node2']) {
      writeFileSync(join(here, `conf.${host}.ini`), `for ${host}`);
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
    mkdirSync(join(here, 'tree'));
    makeTree(join(here, 'tree'));
    writeFileSync(join(here, 'file'), 'one');
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
    writeFileSync(join(here, 'file'), 'two');
    writeFileSync(join(here, 'tree', 'empty'), 'no more');
    expect(await changed('file', 'tree', remote())).toEqual([
      [remote('file'), true],
      [remote('tree'), true],
    ]);
    expect(readFileSync(remote('tree', 'empty'), 'utf8')).toBe('no more');
  });

  test('10,000 small files come whole, there and back', async () => {
    mkdirSync(join(here, 'many'));
    for (let place = 0; place < 10_000; place += 1) {
      if (place % 1000 === 0) mkdirSync(join(here, 'many', `${place}`));
      writeFileSync(join(here, 'many', `${place - (place % 1000)}`, `file ${place}`), `${place}`);
    }
    const many = await run(['-H', 'node1', 'put', '-r', 'many', remote()]);
    expect(many.err).toContain('1 host ok');
    expect(snapshot(remote('many'))).toEqual(snapshot(join(here, 'many')));
    const back = await run(['-H', 'node1', 'get', '-r', remote('many'), 'back']);
    expect(back.err).toContain('1 host ok');
    expect(snapshot(join(here, 'back', 'node1', 'many'))).toEqual(snapshot(join(here, 'many')));
  }, 300_000);
});

test('what can not be sent is told before anything is connected', async () => {
  mkdirSync(join(here, 'folder'));
  mkdirSync(join(here, 'a'));
  writeFileSync(join(here, 'a', 'file'), '');
  writeFileSync(join(here, 'file'), '');
  const fails = async (...words: string[]) => {
    const result = await run(['-H', 'node1', 'put', ...words]);
    expect(result.code).toBe(2);
    return result.err;
  };
  expect(await fails('none', '/tmp')).toContain('"none": there is no such file');
  expect(await fails('folder', '/tmp')).toContain('"folder" is a folder; -r (recursive) sends folders');
  expect(await fails('file', 'a/file', '/tmp')).toContain('would have one name, "file"');
  expect(await fails('--via', 'ftp', 'file', '/tmp')).toContain('there is no way "ftp"');
  expect(await fails('--limit-rate', '0', 'file', '/tmp')).toContain('lets nothing through');
});

test('one path goes to the home of the login; names with a dash or a colon are files', async () => {
  writeFileSync(join(here, '-r'), 'dash');
  writeFileSync(join(here, 'a:b'), 'colon');
  expect((await run(['-H', 'node1', 'put', '--', '-r'])).code).toBe(0);
  expect((await run(['-H', 'node1', 'put', 'a:b', '.'])).code).toBe(0);
  expect((await run(['-H', 'node1', 'put', 'a:b', '~/tilde'])).code).toBe(0);
  const shown = await run(['-H', 'node1', 'exec', '-N', 'cat ./-r a:b tilde']);
  expect(shown.out).toBe('dashcoloncolon');
});

test('--limit-rate holds the bytes back', async () => {
  writeFileSync(join(here, 'file'), Buffer.alloc(300_000));
  const result = await run(['-H', 'node1', 'put', '--limit-rate', '200KiB', 'file', remote()]);
  expect(result.code).toBe(0);
  expect(result.durationMs).toBeGreaterThan(1_300);
});

test('a sparse gigabyte comes whole, there and back', async () => {
  const size = 1024 ** 3;
  writeFileSync(join(here, 'sparse'), 'begin');
  truncateSync(join(here, 'sparse'), size);
  const put = await run(['-H', 'node1', 'put', 'sparse', remote()], { deadlineMs: 300_000 });
  expect(put.err).toContain('1 host ok');
  const got = await run(['-H', 'node1', 'get', '--verify', remote('sparse'), 'back'], {
    deadlineMs: 300_000,
  });
  expect(got.err).toContain('1 host ok');
  const came = statSync(join(here, 'back', 'node1', 'sparse'));
  expect(came.size).toBe(size);
  // Its zeros have become a hole again.
  expect(came.blocks * 512).toBeLessThan(1_000_000);
}, 600_000);
