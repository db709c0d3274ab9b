import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Cluster, Machine, PsshError, type TransferEvent, type TransferResult } from '../../src/index.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers as left } from '../fleet/leftovers.js';
import { signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { addLinks, leftovers, makeTree, snapshot } from './file-tree.js';

let fleet: Fleet;
let here: string;
let scenes = 0;
const before = { ...process.env };
const startedIn = process.cwd();

beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'node1' },
      { name: 'node2' },
      { name: 'Node1', sameServerAs: 'node2' },
      { name: 'refused', kind: 'refused-key' },
      { name: 'changed', kind: 'wrong-host-key' },
      { name: 'dead', kind: 'dead-port' },
      { name: 'silent', kind: 'silent-before-banner' },
    ],
  });
  for (const name of ['HOME', 'XDG_RUNTIME_DIR', 'TMPDIR']) process.env[name] = fleet.env[name];
});
afterAll(async () => {
  Object.assign(process.env, before);
  await fleet.stop();
});
beforeEach(() => {
  scenes += 1;
  here = join(fleet.dir, `scene${scenes}`);
  mkdirSync(join(here, 'remote'), { recursive: true });
  process.chdir(here);
});
afterEach(() => {
  process.chdir(startedIn);
  // Whatever a test does, no temporary stays.
  expect(leftovers(here)).toEqual([]);
});

const remote = (...parts: string[]) => join(here, 'remote', ...parts);
const read = (...parts: string[]) => readFileSync(join(here, ...parts), 'utf8');
const fields = ({ status, exitCode, killed, error, files }: TransferResult) => [
  status,
  exitCode,
  killed,
  error?.code ?? null,
  files.length,
];
const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return error instanceof PsshError ? `${error.code} ${error.message}` : `no PsshError: ${error}`;
  }
  return 'nothing was thrown';
};

describe.each(['mux', 'process'] as const)('over %s', (transport) => {
  const options = () => ({ sshConfig: fleet.configPath, connectTimeout: '30s', transport }) as const;

  test('a machine puts and gets a file: its place is the home and the current folder where none is said', async () => {
    await using node1 = new Machine('node1', options());
    writeFileSync('app.ini', 'one\n');
    const home = (await node1.execute('pwd')).stdout.text().trim();
    const sent = await node1.put('app.ini');
    expect(sent).toMatchObject({
      status: 'ok',
      exitCode: null,
      error: null,
      killed: null,
      command: 'put app.ini',
      files: [{ source: 'app.ini', dest: join(home, 'app.ini'), bytes: 4, changed: true }],
    });
    expect((await node1.execute('cat app.ini')).stdout.text()).toBe('one\n');
    expect((await node1.put('app.ini', remote('new.ini'))).files[0]?.dest).toBe(remote('new.ini'));
    expect(read('remote', 'new.ini')).toBe('one\n');
    const got = await node1.get(remote('new.ini'));
    expect(got.files).toEqual([
      { source: remote('new.ini'), dest: join(here, 'new.ini'), bytes: 4, changed: true },
    ]);
    await node1.get([remote('new.ini'), 'app.ini'], 'made/below');
    expect([read('new.ini'), read('made', 'below', 'new.ini'), read('made', 'below', 'app.ini')]).toEqual([
      'one\n',
      'one\n',
      'one\n',
    ]);
    await node1.execute('rm app.ini');
  });

  test('a cluster: one file for all, one of its own for each; what comes lies in a folder a host', async () => {
    await using both = new Cluster(['node1', 'node2'], options());
    for (const host of ['node1', 'node2']) {
      mkdirSync(remote(host));
      writeFileSync(`conf.${host}.ini`, `for ${host}\n`);
    }
    const own = await both.put(
      ({ host }) => `conf.${host}.ini`,
      ({ host }) => remote(host, 'app.ini'),
    );
    expect([own.ok, own.failed, own.summary.counts.ok]).toEqual([true, [], 2]);
    const got = await both.get(({ label }) => remote(label, 'app.ini'), 'logs');
    expect(got.results.map(({ target, files }) => [target.label, files[0]?.dest])).toEqual([
      ['node1', join(here, 'logs', 'node1', 'app.ini')],
      ['node2', join(here, 'logs', 'node2', 'app.ini')],
    ]);
    expect(read('logs', 'node2', 'app.ini')).toBe('for node2\n');
    await both.get(({ label }) => remote(label, 'app.ini'));
    expect(read('node1', 'app.ini')).toBe('for node1\n');
    await both.get(({ label }) => remote(label, 'app.ini'), { flat: true });
    expect(read('app.ini.node2')).toBe('for node2\n');
  });

  test.each(['auto', 'tar', 'scp'] as const)(
    'a tree with all kinds of names comes out equal on both sides, by %s',
    async (via) => {
      await using node1 = new Machine('node1', options());
      mkdirSync('tree');
      makeTree('tree');
      if (via !== 'scp') addLinks('tree');
      const how = { recursive: true, preserve: true, verify: true, via };
      expect(fields(await node1.put('tree', remote(), how))).toEqual(['ok', null, null, null, 1]);
      expect(snapshot(remote('tree'), { modes: true })).toEqual(snapshot('tree', { modes: true }));
      expect(fields(await node1.get(remote('tree'), 'back', how))).toEqual(['ok', null, null, null, 1]);
      expect(snapshot('back/tree', { modes: true })).toEqual(snapshot('tree', { modes: true }));
    },
  );

  test('preserve, ifChanged and ignoreMissing do what they say', async () => {
    await using node1 = new Machine('node1', options());
    const past = new Date('2021-02-03T04:05:06Z');
    writeFileSync('file', 'one', { mode: 0o640 });
    utimesSync('file', past, past);
    await node1.put('file', remote('kept'), { preserve: true });
    expect(statSync(remote('kept')).mtime).toEqual(past);
    const again = await node1.put('file', remote('kept'), { ifChanged: true });
    expect(again.files.map(({ changed }) => changed)).toEqual([false]);
    await node1.get(remote('kept'));
    const same = await node1.get(remote('kept'), { ifChanged: true });
    expect(same.files).toMatchObject([{ changed: false, bytes: 0 }]);
    expect(fields(await node1.get(remote('none'), { ignoreMissing: true }))).toEqual([
      'ok',
      null,
      null,
      null,
      0,
    ]);
  });

  test('each ending is a result with the fields that its status promises', async () => {
    writeFileSync('file', Buffer.alloc(2_000_000));
    const slow = { limitRate: 100_000 };
    const put = async (host: string, dest: string, how = {}): Promise<TransferResult> => {
      await using there = new Machine(host, { ...options(), connectRetries: 0, killGrace: '1s' });
      return await there.put('file', dest, how);
    };
    await using node2 = new Machine('node2', options());
    const controller = new AbortController();
    const cancels = node2.put('file', remote('canceled'), {
      ...slow,
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === 'started') controller.abort();
      },
    });
    const endings = await Promise.all([
      put('node1', remote('whole')),
      put('node1', remote('none', 'file')),
      put('node1', remote('late'), { ...slow, timeout: '500ms' }),
      put('silent', remote('x'), { deadline: '1s' }),
      put('refused', remote('x')),
      put('changed', remote('x')),
      put('dead', remote('x')),
      put('node1', remote('x'), { signal: AbortSignal.abort() }),
      cancels,
      node2.get(remote('nothing')),
    ]);
    expect(endings.map(fields)).toEqual([
      ['ok', null, null, null, 1],
      ['failed', null, null, 'ERR_TRANSFER', 0],
      ['timed-out', null, 'confirmed', null, 0],
      ['timed-out', null, null, 'ERR_CONNECT_TIMEOUT', 0],
      ['auth-failed', null, null, 'ERR_AUTH', 0],
      ['host-key-failed', null, null, 'ERR_HOST_KEY', 0],
      ['unreachable', null, null, 'ERR_CONNECT', 0],
      ['skipped', null, null, null, 0],
      ['canceled', null, 'confirmed', null, 0],
      ['failed', null, null, 'ERR_TRANSFER', 0],
    ]);
    expect(endings[1]?.error?.message).toContain(remote('none'));
    // Nothing of a command is in them, and nothing half on the host.
    expect(endings.flatMap((ending) => Object.keys(ending))).not.toContain('stdout');
    expect(snapshot(remote()).map((line) => line.split(' ')[0])).toEqual(['"whole"']);
  });

  test('a connection that is lost on the way is told, and the next transfer has a new one', async () => {
    await using node1 = new Machine('node1', options());
    writeFileSync('file', Buffer.alloc(2_000_000));
    const sending = node1.put('file', remote('file'), { limitRate: 100_000 });
    await until(() => leftovers(here).length > 0, { deadlineMs: 30_000, what: 'the first bytes' });
    const masters = (await left(`${fleet.dir}/run`)).processes;
    signalQuietly(masters.find(({ args }) => args.endsWith(' node1'))?.pid ?? 0, 'SIGKILL');
    const result = await sending;
    expect(fields(result)).toEqual(['disconnected', null, null, 'ERR_DISCONNECTED', 0]);
    expect(fields(await node1.put('file', remote('file')))).toEqual(['ok', null, null, null, 1]);
    await until(() => leftovers(here).length === 0, { deadlineMs: 30_000, what: 'the temporary to go' });
  });
});

describe('what both transports have in common', () => {
  const options = () => ({ sshConfig: fleet.configPath, connectTimeout: '30s' }) as const;

  test('close() ends a transfer, on the machine too; a time limit of the machine counts for its transfers', async () => {
    const node1 = new Machine('node1', options());
    writeFileSync('file', Buffer.alloc(2_000_000));
    let started = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      started = resolve;
    });
    const onEvent = ({ type }: TransferEvent): void => {
      if (type === 'started') started();
    };
    const sending = node1.put('file', remote('closed'), { limitRate: 100_000, onEvent });
    await begun;
    await node1.close();
    expect(fields(await sending)).toEqual(['canceled', null, 'confirmed', null, 0]);
    await using limited = new Machine('node1', { ...options(), timeout: '300ms' });
    const late = await limited.put('file', remote('late'), { limitRate: 100_000 });
    expect(fields(late)).toEqual(['timed-out', null, 'confirmed', null, 0]);
    expect(snapshot(remote())).toEqual([]);
  });

  test('events are told as they come, by the call or the machine; what onEvent throws is thrown', async () => {
    writeFileSync('file', 'x');
    const types: string[] = [];
    const onEvent = (event: { readonly type: string }): void => void types.push(event.type);
    await using node1 = new Machine('node1', { ...options(), onEvent });
    let files = -1;
    await node1.put('file', remote(), {
      onEvent: (event) => {
        onEvent(event);
        if (event.type === 'finished') files = event.result.files.length;
      },
    });
    expect(types).toEqual(['connecting', 'connected', 'started', 'finished', 'summary']);
    expect(files).toBe(1);
    await node1.get(remote('file'));
    expect(types.slice(5)).toEqual(['connected', 'started', 'finished', 'summary']);
    const throws = (): void => {
      throw new RangeError('mine');
    };
    await expect(node1.put('file', remote(), { onEvent: throws })).rejects.toThrow(RangeError);
  });

  test('fanout bounds how many are at work; names that differ in case alone have folders of their own', async () => {
    await using three = new Cluster(['node1', 'node2', 'Node1'], options());
    writeFileSync('file', Buffer.alloc(50_000));
    let now = 0;
    let most = 0;
    const { ok } = await three.put('file', ({ label }) => remote(label), {
      fanout: 1,
      onEvent: ({ type }) => {
        if (type === 'started') most = Math.max(most, ++now);
        if (type === 'finished') now -= 1;
      },
    });
    expect([ok, most]).toEqual([true, 1]);
    const { results } = await three.get(({ label }) => remote(label), 'got');
    const folders = results.map(({ files }) => files[0]?.dest.split('/').at(-2) ?? '');
    expect(new Set(folders.map((name) => name.toLowerCase())).size).toBe(3);
  });

  test('paths are taken as they stand: braces, patterns of ours, a newline', async () => {
    await using node1 = new Machine('node1', options());
    for (const name of ['{host}', '{{x}}', 'new\nline', '-r', 'a:b']) {
      writeFileSync(name, name);
      expect(fields(await node1.put(name, remote()))).toEqual(['ok', null, null, null, 1]);
      expect(read('remote', name)).toBe(name);
    }
  });

  test('misuse throws ERR_USAGE that names the input, before anything is connected', async () => {
    await using node1 = new Machine('node1', options());
    await using both = new Cluster('node[1-2]', options());
    const closed = new Machine('node1', options());
    await closed.close();
    mkdirSync('folder');
    mkdirSync('a');
    writeFileSync('file', '');
    writeFileSync('a/file', '');
    const misuses: readonly (readonly [() => unknown, string])[] = [
      [() => node1.put('none'), '"none": there is no such file'],
      [() => node1.put('folder', '/tmp'), '"folder" is a folder; -r (recursive)'],
      [() => node1.put(['file', 'a/file'], '/tmp'), 'would have one name, "file"'],
      [() => node1.put([]), 'there is no path'],
      [() => node1.put('file', ''), 'a path is empty'],
      [() => node1.get('a\0b'), 'zero byte'],
      [() => node1.get(['']), 'a path is empty'],
      [() => node1.put('file', '/tmp', { limitRate: 0 }), 'limitRate: "0"'],
      [() => node1.put('file', '/tmp', { via: 'ftp' as 'tar' }), 'via: "ftp"'],
      [() => node1.get('/tmp/x', { flat: true } as object), '"flat" is no option here'],
      [() => node1.put('file', { stdin: 'x' } as object), '"stdin" is no option here'],
      [() => node1.put('file', '/tmp', { timeout: '5' as '5s' }), 'timeout: "5" has no unit'],
      [() => new Machine('node1', { mux: false } as object), '"mux" is no option here'],
      [() => closed.put('file'), 'is closed'],
      [() => closed.get('file'), 'is closed'],
      [() => both.put(({ host }) => `none.${host}`, '/tmp'), '"none.node1": there is no such file'],
      [() => both.get(() => 7 as unknown as string), 'a path is number'],
      [() => new Cluster([]).put('file'), 'there is no machine'],
    ];
    for (const [misuse, said] of misuses) {
      const told = await codeOf(misuse);
      expect(told, `${misuse}`).toContain('ERR_USAGE');
      expect(told, `${misuse}`).toContain(said);
    }
    expect([node1.connected, both.aliveMachines]).toEqual([false, []]);
  });
});
