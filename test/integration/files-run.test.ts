import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { until } from '../fleet/until.js';
import { eventFaults, runFaults } from '../unit/sinks/schema.js';
import { parseRun } from './cli.js';
import { countingSsh } from './counting-ssh.js';
import { fileScene } from './file-scene.js';
import { leftovers, makeTree, snapshot } from './file-tree.js';

const BIG = 4_000_000;

const scene = fileScene(() => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  return [{ name: 'node1' }, { name: 'node2' }, { name: 'node3' }, { name: 'dead', kind: 'dead-port' }];
});
const { run, remote, local } = scene;
const NODES = ['node1', 'node2', 'node3'];

describe.each(['mux', 'process'])('a transfer is a run as any, over %s', (name) => {
  beforeAll(() => {
    scene.transport = name;
  });

  test('exit 4 where a host is not reached, 5 where a transfer fails; the others have their files', async () => {
    writeFileSync(local('file'), 'x');
    for (const node of NODES.slice(1)) mkdirSync(remote(node));
    const put = (hosts: string) =>
      run(['-t', '20', '-H', hosts, 'put', '--json', 'file', `${remote('{host}')}/`]);
    const unreached = await put('node2,dead,node1');
    expect(unreached.code).toBe(4);
    expect(parseRun(unreached).results.map(({ status }) => status)).toEqual(['ok', 'unreachable', 'failed']);
    const failed = await put('node3,node1');
    expect(failed.code).toBe(5);
    const document = parseRun(failed);
    expect(runFaults(document)).toBe('');
    expect(document.results[1]).toMatchObject({
      status: 'failed',
      exitCode: null,
      error: { code: 'ERR_TRANSFER' },
    });
    expect(failed.err).toContain(`node1: ${remote('node1')}/: there is no such folder`);
    for (const node of NODES.slice(1)) expect(readFileSync(remote(node, 'file'), 'utf8')).toBe('x');
  });

  test('batches end at the first failure; --fanout, --deadline and --max-fail are those of exec', async () => {
    writeFileSync(local('file'), 'x');
    mkdirSync(remote('node1'));
    mkdirSync(remote('node3'));
    const words = ['put', '--serial', '1', '--json', 'file', `${remote('{host}')}/`];
    const batches = await run(['-H', NODES.join(), ...words]);
    expect(parseRun(batches).results.map(({ status }) => status)).toEqual(['ok', 'failed', 'skipped']);
    expect(existsSync(remote('node3', 'file'))).toBe(false);
    writeFileSync(local('big'), Buffer.alloc(BIG));
    const slow = ['put', '--limit-rate', '100KiB', '--deadline', '3s', '--json', 'big', remote('{host}.big')];
    const late = await run(['-f', '1', '-H', NODES.join(), ...slow]);
    expect(late.code).toBe(3);
    expect(parseRun(late).results.map(({ status }) => status)).toEqual(['timed-out', 'skipped', 'skipped']);
    await until(() => leftovers(remote()).length === 0, { what: 'nothing to be left', deadlineMs: 30_000 });
    expect(existsSync(remote('node1.big'))).toBe(false);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s in the middle: canceled, dead on the host, nothing left',
    async (signal) => {
      writeFileSync(local('big'), Buffer.alloc(BIG, 'new'));
      writeFileSync(remote('big'), 'old');
      let pid = 0;
      const slow = ['--limit-rate', '100KiB', '--kill-grace', '2s', '--json'];
      const running = run(['-H', 'node1', 'put', ...slow, 'big', remote('big')], {
        onStart: (started) => {
          pid = started;
        },
      });
      await until(() => leftovers(remote()).length > 0, {
        what: 'the transfer to have begun',
        deadlineMs: 30_000,
      });
      process.kill(pid, signal);
      const result = await running;
      expect(result.code).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(parseRun(result).results[0]).toMatchObject({ status: 'canceled', killed: 'confirmed' });
      expect(readFileSync(remote('big'), 'utf8')).toBe('old');
      await until(() => leftovers(remote()).length === 0, { what: 'nothing to be left', deadlineMs: 30_000 });
    },
  );

  test('--ndjson tells what has moved, as the schema says; get of one path goes to the current folder', async () => {
    writeFileSync(remote('big'), Buffer.alloc(BIG, 'x'));
    const result = await run(['-H', 'node1,node2', 'get', '--ndjson', '--limit-rate', '2MiB', remote('big')]);
    expect(result.code).toBe(0);
    const events = result.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; host?: string; bytes?: number });
    expect(events.map(eventFaults).filter((fault) => fault !== '')).toEqual([]);
    const moved = events.filter(({ type, host }) => type === 'moved' && host === 'node1');
    expect(moved.length).toBeGreaterThan(1);
    const bytes = moved.map((event) => event.bytes ?? 0);
    expect(bytes).toEqual([...bytes].sort((one, other) => one - other));
    for (const node of ['node1', 'node2']) expect(readFileSync(local(node, 'big')).length).toBe(BIG);
  });

  test('what stands in the way here, and a full disk here, are told with host and path', async () => {
    writeFileSync(remote('file'), 'x');
    mkdirSync(remote('folder'));
    mkdirSync(local('got', 'node1', 'file'), { recursive: true });
    const folder = await run(['-H', 'node1', 'get', remote('file'), 'got']);
    expect(folder.code).toBe(5);
    expect(folder.err).toMatch(/node1: .*got\/node1\/file is a folder, where a file should go/);
    rmSync(local('got'), { recursive: true });
    mkdirSync(local('got', 'node1'), { recursive: true });
    writeFileSync(local('got', 'node1', 'folder'), 'mine');
    const file = await run(['-H', 'node1', 'get', '-r', remote('folder'), 'got']);
    expect(file.code).toBe(5);
    expect(file.err).toMatch(/node1: .*got\/node1\/folder is a file, where a folder should go/);
    expect(readFileSync(local('got', 'node1', 'folder'), 'utf8')).toBe('mine');
    expect(leftovers(scene.here)).toEqual([]);
  });
});

test('a large file by tar, both ways: no word on stderr but the summary', async () => {
  writeFileSync(local('big'), Buffer.alloc(BIG, 'x'));
  for (const words of [
    ['put', '--via', 'tar', 'big', remote('big')],
    ['get', '--via', 'tar', remote('big'), 'got'],
  ])
    expect((await run(['-H', 'node1', ...words])).err).toMatch(/^pssh-ts: 1 host ok in \S+\n$/);
});

test('over mux nothing is started here: no ssh, no scp, no tar', async () => {
  scene.transport = 'mux';
  mkdirSync(local('tree'));
  makeTree(local('tree'));
  writeFileSync(local('file'), 'x');
  for (const node of NODES) mkdirSync(remote(node));
  const counting = await countingSsh(scene.here, scene.fleet.env);
  for (const program of ['scp', 'tar', 'sh'])
    writeFileSync(
      join(scene.here, 'bin', program),
      `#!/bin/sh\necho ${program} >>${local('others')}\nexit 1\n`,
      {
        mode: 0o755,
      },
    );
  const { env } = counting;
  const warm = await run(['-H', NODES.join(), 'exec', 'true'], { env });
  expect(warm.code).toBe(0);
  const before = (await counting.started()).length;
  for (const words of [
    ['put', 'file', remote('{host}', 'file')],
    ['put', '--verify', 'file', remote('{host}', 'file')],
    ['put', '-r', '-p', 'tree', remote('{host}')],
    ['get', remote('{host}', 'file'), 'got'],
    ['get', '-r', '-p', '--verify', remote('{host}', 'tree'), 'got'],
  ])
    expect((await run(['-H', NODES.join(), ...words], { env })).err).toContain('3 hosts ok');
  expect((await counting.started()).length).toBe(before);
  expect(existsSync(local('others'))).toBe(false);
  for (const node of NODES) expect(snapshot(local('got', node, 'tree'))).toEqual(snapshot(local('tree')));
});

// A disk of one megabyte; only root has one to give.
if (userInfo().uid === 0) {
  describe('a disk that is full', () => {
    const mounts: string[] = [];
    /** In one line that names the host and the place, not where the files are until they are whole. */
    const seeToldFull = (err: string, place: string): void => {
      const lines = err.trimEnd().split('\n');
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatch(/^ {2}failed: node1: .*(No space left|no space left|is the disk full\?)/);
      expect(lines[1]).toContain(place);
      expect(lines[1]).not.toContain('.pssh-ts.');
    };
    const mountSmall = (folder: string): void => {
      mkdirSync(folder);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
      mounts.push(folder);
    };
    afterEach(() => {
      for (const folder of mounts.splice(0)) execFileSync('umount', [folder]);
    });

    test.each(['auto', 'tar', 'scp', 'rsync'])(
      'there, by %s: told, the old file stands, nothing is left',
      async (via) => {
        mountSmall(remote('small'));
        writeFileSync(remote('small', 'big'), 'old');
        writeFileSync(local('big'), Buffer.alloc(BIG, 'new'));
        const result = await run(['-H', 'node1', 'put', '--via', via, 'big', remote('small')]);
        expect(result.code).toBe(5);
        seeToldFull(result.err, remote('small'));
        expect(readFileSync(remote('small', 'big'), 'utf8')).toBe('old');
        await until(() => leftovers(remote()).length === 0, {
          what: 'nothing to be left',
          deadlineMs: 30_000,
        });
      },
    );

    test.each(['auto', 'tar', 'scp', 'rsync'])(
      'here, by %s: told, the old file stands, nothing is left',
      async (via) => {
        mountSmall(local('small'));
        mkdirSync(local('small', 'node1'));
        writeFileSync(local('small', 'node1', 'big'), 'old');
        writeFileSync(remote('big'), Buffer.alloc(BIG, 'new'));
        const result = await run(['-H', 'node1', 'get', '--via', via, remote('big'), 'small']);
        expect(result.code).toBe(5);
        seeToldFull(result.err, local('small', 'node1'));
        expect(readFileSync(local('small', 'node1', 'big'), 'utf8')).toBe('old');
        expect(leftovers(scene.here)).toEqual([]);
      },
    );
  });
}
