import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster, type CommandResult, Machine, PsshError } from '../../src/index.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { signalQuietly } from '../fleet/processes.js';
import { until } from '../fleet/until.js';

let fleet: Fleet;
const before = { ...process.env };
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'node1' },
      { name: 'node2' },
      { name: 'node3' },
      { name: 'lone', sshd: ['MaxSessions 1'] },
      { name: 'pair', sshd: ['MaxSessions 2'] },
      { name: 'refused', kind: 'refused-key' },
      { name: 'changed', kind: 'wrong-host-key' },
      { name: 'dead', kind: 'dead-port' },
    ],
  });
  // The library lives in this process: it sees what pssh-ts would.
  for (const name of ['HOME', 'XDG_RUNTIME_DIR', 'TMPDIR']) process.env[name] = fleet.env[name];
});
afterAll(async () => {
  Object.assign(process.env, before);
  await fleet.stop();
});

const SLOW = { deadlineMs: 30_000 };
const machine = (host: string, options = {}): Machine =>
  new Machine(host, { sshConfig: fleet.configPath, connectTimeout: '30s', ...options });
const cluster = (hosts: string | readonly (string | Machine)[], options = {}): Cluster =>
  new Cluster(hosts, { sshConfig: fleet.configPath, connectTimeout: '30s', ...options });
const said = ({ status, exitCode, stdout }: CommandResult) => [status, exitCode, stdout.text()];
const running = async (mark: string): Promise<boolean> => (await leftovers(mark)).processes.length > 0;
/** Masters, sockets and records of ours; not the mark of when the folder was last swept, nor what was learnt of servers. */
const kept = async (): Promise<unknown> => {
  const { processes, files } = await leftovers(`${fleet.dir}/run`, [`${fleet.dir}/run`]);
  return { processes, files: files.filter((file) => !/\/swept$|\.cap$/.test(file)) };
};
const NOTHING = { processes: [], files: [] };

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return error instanceof PsshError ? error.code : `no PsshError: ${error}`;
  }
  return 'nothing was thrown';
};

test.each([
  ['node1', 1],
  // The leash wants a session, so it is given a master of its own; and one too many is asked for, once.
  ['pair', 3],
  ['lone', 3],
])('many commands one after another and at once on %s, in %i logins at most', async (name, logins) => {
  await using one = machine(name);
  for (let turn = 0; turn < 12; turn += 1) {
    expect(said(await one.execute(`echo ${turn}`))).toEqual(['ok', 0, `${turn}\n`]);
  }
  // One that runs longer gets a leash.
  expect(said(await one.execute('sleep 1; echo long'))).toEqual(['ok', 0, 'long\n']);
  const all = await Promise.all(Array.from({ length: 12 }, (_, turn) => one.execute(`echo ${turn}`)));
  expect(all.map(said)).toEqual(all.map((_, turn) => ['ok', 0, `${turn}\n`]));
  expect(await fleet.logins(name)).toBeLessThanOrEqual(logins);
  await one.close();
  expect(await kept()).toEqual(NOTHING);
});

test('a machine: connect, address, isAlive, execute, close; nothing is left behind', async () => {
  const node1 = machine('node1');
  expect([node1.connected, node1.address(), await node1.isAlive()]).toEqual([false, null, false]);
  await node1.connect();
  expect([node1.connected, node1.address(), await node1.isAlive()]).toEqual([
    true,
    fleet.host('node1').address,
    true,
  ]);
  const logins = await fleet.logins('node1');
  expect(said(await node1.execute('echo $FLEET_HOST'))).toEqual(['ok', 0, 'node1\n']);
  expect(said(await node1.execute('echo no; exit 7'))).toEqual(['failed', 7, 'no\n']);
  expect(await fleet.logins('node1')).toBe(logins);
  await node1.close();
  expect(await node1.isAlive()).toBe(false);
  expect(await kept()).toEqual(NOTHING);
});

test('several commands run one after another, stop at the first failure, and go on with keepCommands', async () => {
  await using node1 = machine('node1');
  const results = await node1.execute(['echo a', 'exit 3', 'echo c']);
  expect(results.map(said)).toEqual([
    ['ok', 0, 'a\n'],
    ['failed', 3, ''],
    ['skipped', null, ''],
  ]);
  const kept = await node1.execute(['exit 3', 'echo c'], { keepCommands: true });
  expect(kept.map(said)).toEqual([
    ['failed', 3, ''],
    ['ok', 0, 'c\n'],
  ]);
});

test('env, cwd, stdin and a value that no shell may read are as they were given', async () => {
  await using node1 = machine('node1', { env: { KEPT: 'default', MINE: 'default' } });
  const value = `it's "$HOME" \`id\` \\ ! * ; #`;
  const env = { MINE: value };
  const command = 'printf "%s|%s|%s|" "$KEPT" "$MINE" "$PWD"; cat';
  for (const stdin of ['input', Buffer.from('input'), Readable.from(['in', 'put'])]) {
    const result = await node1.execute(command, { env, cwd: '/tmp', stdin });
    expect(result.stdout.text()).toBe(`default|${value}|/tmp|input`);
  }
  const words = await node1.$`printf '<%s>' ${value} ${['a b', 3]} ${''}`;
  expect(words.stdout.text()).toBe(`<${value}><a b><3><>`);
  const tagged = await node1.$({ env, cwd: '/' })`pwd; printf %s "$MINE"`;
  expect(tagged.stdout.text()).toBe(`/\n${value}`);
});

test('each ending has the fields that its status promises', async () => {
  const one = async (host: string, command: string, options = {}): Promise<CommandResult> => {
    await using there = machine(host, { connectRetries: 0, killGrace: '1s' });
    return await there.execute(command, options);
  };
  const early = new AbortController();
  early.abort();
  const endings = await Promise.all([
    one('node1', 'true'),
    one('node1', 'exit 255'),
    one('node2', 'kill -s KILL $$'),
    one('node2', 'sleep 1000', { timeout: '300ms' }),
    one('node3', 'sleep 1000', { onEvent: (event: { type: string }) => void event, deadline: '2s' }),
    one('refused', 'true'),
    one('changed', 'true'),
    one('dead', 'true'),
    one('node3', 'true', { signal: early.signal }),
  ]);
  const fields = ({ status, exitCode, signal, killed, error }: CommandResult) => [
    status,
    exitCode,
    signal,
    killed,
    error?.code ?? null,
  ];
  expect(endings.map(fields)).toEqual([
    ['ok', 0, null, null, null],
    ['failed', 255, null, null, null],
    ['signaled', null, 'KILL', null, null],
    ['timed-out', null, null, 'confirmed', null],
    ['timed-out', null, null, 'confirmed', null],
    ['auth-failed', null, null, null, 'ERR_AUTH'],
    ['host-key-failed', null, null, null, 'ERR_HOST_KEY'],
    ['unreachable', null, null, null, 'ERR_CONNECT'],
    ['skipped', null, null, null, null],
  ]);
});

test('connect throws ssh’s reason; misuse throws ERR_USAGE; a value without a unit is misuse', async () => {
  await using refused = machine('refused');
  await using changed = machine('changed');
  expect(await codeOf(() => refused.connect())).toBe('ERR_AUTH');
  expect(await codeOf(() => changed.connect())).toBe('ERR_HOST_KEY');
  const closed = machine('node1');
  await closed.close();
  const gone = cluster('node[1-2]');
  await gone.close();
  await using open = machine('node1');
  const misuses: readonly (() => unknown)[] = [
    () => machine(''),
    () => machine('node[1-2]'),
    () => machine('-oProxyCommand=id'),
    () => machine('a b;c'),
    () => new Machine({ host: 'node1;id' }),
    () => machine('node1', { timeout: 10 }),
    () => machine('node1', { connectTimeout: '10' }),
    () => machine('node1', { pasword: 'x' }),
    () => machine('node1', { password: '' }),
    () => machine('node1', { identity: '/nowhere' }),
    () => machine('node1', { sshOptions: ['ControlPath=/tmp/x'] }),
    () => closed.execute('true'),
    () => closed.connect(),
    () => closed.spawn('true'),
    () => gone.execute('true'),
    () => gone.connect(),
    () => gone.addMachine('node3'),
    () => gone.stream('true'),
    () => open.execute(''),
    () => open.execute([]),
    () => open.$`echo ${'two\nlines'}`,
    () => cluster('node[1-').close(),
    () => cluster([]).execute('true'),
  ];
  for (const misuse of misuses) expect(await codeOf(misuse), `${misuse}`).toBe('ERR_USAGE');
});

test('a cluster: expressions and machines, its state as data and text, all hosts at once', async () => {
  const own = machine('node3');
  const all = cluster(['node[1-2]', own], { connectRetries: 0 });
  expect((await all.connect()).alive).toBe(3);
  const dead = await all.addMachine('dead');
  expect(all.machines.map(({ name }) => name)).toEqual(['node1', 'node2', 'node3', 'dead']);
  expect(all.deadMachines).toEqual([dead]);
  expect(await codeOf(() => all.addMachine(own))).toBe('ERR_USAGE');
  const state = await all.showState();
  expect(state.machines.map(({ name, state, error }) => [name, state, error?.code])).toEqual([
    ['node1', 'alive', undefined],
    ['node2', 'alive', undefined],
    ['node3', 'alive', undefined],
    ['dead', 'dead', 'ERR_CONNECT'],
  ]);
  const lines = String(state).split('\n');
  expect(lines[0]).toBe(`node1  alive  ${fleet.host('node1').address}`);
  expect(lines[3]).toMatch(/^dead {3}dead {3}.*refused.*\(ERR_CONNECT\)$/);
  const { results, ok, failed, summary } = await all.execute('echo $PSSH_NODENUM of $PSSH_NUMNODES');
  expect(results.map(said)).toEqual([
    ['ok', 0, '0 of 4\n'],
    ['ok', 0, '1 of 4\n'],
    ['ok', 0, '2 of 4\n'],
    ['unreachable', null, ''],
  ]);
  expect([ok, failed.map(({ target }) => target.label), summary.counts.ok]).toEqual([false, ['dead'], 3]);
  await dead.close();
  expect(all.machines).toHaveLength(3);
  await all.close();
  expect(await codeOf(() => own.execute('true'))).toBe('ERR_USAGE');
});

test.each(['mux', 'process'] as const)(
  'a connection that ends is noticed, and connect() brings back the dead alone (%s)',
  async (transport) => {
    await using both = cluster('node[1-2]', { transport });
    await both.connect();
    const masters = await leftovers(`${fleet.dir}/run`);
    const victim = masters.processes.find(({ args }) => args.endsWith(' node1'));
    expect(victim).toBeDefined();
    signalQuietly(victim?.pid ?? 0, 'SIGKILL');
    await until(() => both.deadMachines.length === 1, { ...SLOW, what: 'the end of the master' });
    expect(both.deadMachines.map(({ name }) => name)).toEqual(['node1']);
    expect((await both.showState()).machines.map(({ state }) => state)).toEqual(['dead', 'alive']);
    const logins = await Promise.all(['node1', 'node2'].map((name) => fleet.logins(name)));
    expect((await both.connect()).alive).toBe(2);
    expect(await Promise.all(['node1', 'node2'].map((name) => fleet.logins(name)))).toEqual([
      (logins[0] ?? 0) + 1,
      logins[1],
    ]);
    // A stopped one answers nobody: it is found out, and a command gets a new one.
    const stopped = (await leftovers(`${fleet.dir}/run`)).processes.find(({ args }) =>
      args.endsWith(' node2'),
    );
    signalQuietly(stopped?.pid ?? 0, 'SIGSTOP');
    expect((await both.showState()).machines.map(({ state }) => state)).toEqual(['alive', 'dead']);
    expect((await both.execute('true')).ok).toBe(true);
  },
);

test('a stream gives the events as they come; its reader sets the pace, and leaving it ends the command', async () => {
  await using node1 = machine('node1');
  const types: string[] = [];
  for await (const event of node1.stream('echo one; sleep 0.2; echo two')) {
    types.push(event.type === 'output' ? `output ${Buffer.from(event.data)}` : event.type);
  }
  expect(types).toEqual([
    'connecting',
    'connected',
    'started',
    'output one\n',
    'output two\n',
    'finished',
    'summary',
  ]);
  let bytes = 0;
  const flood = node1.stream('dd if=/dev/zero bs=65536 count=1600 2>/dev/null; true');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for await (const event of flood) {
    if (event.type !== 'output') continue;
    bytes += event.data.length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(bytes).toBe(1600 * 65_536);
  expect(most).toBeLessThan(64 * 1024 * 1024);
  for await (const event of node1.stream('echo go; exec sleep 98761')) if (event.type === 'output') break;
  expect(await running('sleep 98761')).toBe(false);
});

test('a stream whose reader closes the machine inside the loop ends, and does not wait for itself', async () => {
  const node1 = machine('node1');
  for await (const event of node1.stream('yes')) if (event.type === 'output') await node1.close();
  expect(node1.connected).toBe(false);
});

test('an AbortSignal ends what runs, on the hosts too, and is a result; nobody listens to it any more', async () => {
  await using all = cluster('node[1-3]');
  const controller = new AbortController();
  let started = 0;
  const { results } = await all.execute('sleep 98762', {
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'started' && ++started === 3) controller.abort();
    },
  });
  expect(results.map(({ status, killed }) => [status, killed])).toEqual(
    results.map(() => ['canceled', 'confirmed']),
  );
  expect(await running('sleep 98762')).toBe(false);
  // The cluster is as usable as before.
  expect((await all.execute('true')).ok).toBe(true);
});

test('what onEvent throws ends the run and is thrown', async () => {
  await using node1 = machine('node1');
  const onEvent = (event: { type: string }): void => {
    if (event.type === 'started') throw new RangeError('mine');
  };
  await expect(node1.execute('sleep 98763', { onEvent })).rejects.toThrow(RangeError);
  expect(await running('sleep 98763')).toBe(false);
});

test('close() ends what was spawned, and its streams', async () => {
  const node1 = machine('node1');
  const cat = await node1.spawn('echo here; exec sleep 98766');
  await new Promise((resolve) => cat.stdout.once('data', resolve));
  await node1.close();
  expect(await cat.exited).toMatchObject({ status: 'canceled', killed: 'confirmed' });
  expect([cat.stdin.destroyed, cat.stdout.destroyed, cat.stderr.destroyed]).toEqual([true, true, true]);
  expect(await running('sleep 98766')).toBe(false);
});

test('spawn: bytes go through as they are, a prompt without a newline comes at once, status and kill', async () => {
  await using node1 = machine('node1');
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, place) => (place * 7919) % 256));
  const cat = await node1.spawn('cat; echo err >&2; exit 5');
  cat.stdin.end(bytes);
  const [out, err] = await Promise.all([cat.stdout.toArray(), text(cat.stderr)]);
  expect([Buffer.concat(out).equals(bytes), err]).toEqual([true, 'err\n']);
  expect((await cat.exited).exitCode).toBe(5);
  const asks = await node1.spawn('printf "name? "; read name; echo "hello $name"');
  const seen = await new Promise((resolve) => asks.stdout.once('data', (chunk) => resolve(`${chunk}`)));
  expect(seen).toBe('name? ');
  asks.stdin.end('you\n');
  expect(await text(asks.stdout)).toBe('hello you\n');
  await using sleeps = await node1.spawn('sleep 98764');
  expect(await sleeps.kill()).toMatchObject({ status: 'canceled', killed: 'confirmed' });
  const late = await node1.spawn('sleep 98765', { timeout: '200ms' });
  expect(await late.exited).toMatchObject({ status: 'timed-out', killed: 'confirmed' });
  expect(await running('sleep 9876')).toBe(false);
});

test('two clusters in one process do not touch each other; both listen to nothing of the process', async () => {
  const names = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'beforeExit'] as const;
  const listeners = () => names.map((name) => process.listenerCount(name));
  const before = listeners();
  const [left, right] = [cluster('node[1-3]'), cluster('node[1-3]')];
  const runs = await Promise.all([left.execute('echo left'), right.execute('echo right')]);
  expect(runs.map(({ results }) => results.map(({ stdout }) => stdout.text()))).toEqual([
    ['left\n', 'left\n', 'left\n'],
    ['right\n', 'right\n', 'right\n'],
  ]);
  await left.close();
  expect((await right.execute('true')).ok).toBe(true);
  await right.close();
  expect(listeners()).toEqual(before);
  expect(await kept()).toEqual(NOTHING);
});

test('persist leaves the connection to a later machine, which logs in no more', async () => {
  const first = machine('node2', { persist: '60s' });
  await first.connect();
  await first.close();
  const logins = await fleet.logins('node2');
  await using second = machine('node2');
  expect((await second.execute('true')).status).toBe('ok');
  expect(await fleet.logins('node2')).toBe(logins);
});

test('machines go batch by batch, and a failure leaves the rest out', async () => {
  await using both = cluster('node1,node2');
  const stopped = await both.execute('exit 3', { serial: 1 });
  expect(stopped.results.map(({ status }) => status)).toEqual(['failed', 'skipped']);
  expect(stopped.ok).toBe(false);
  const all = await both.execute('exit 3', { serial: [1, '100%'], keepGoing: true, batchPause: '10ms' });
  expect(all.results.map(({ status }) => status)).toEqual(['failed', 'failed']);
  const one = await both.execute('test $PSSH_NODENUM = 1', { maxFail: '0%', fanout: 1 });
  expect(one.results.map(({ status }) => status)).toEqual(['failed', 'skipped']);
  await expect(both.execute('true', { serial: 0 })).rejects.toThrow(/^serial: a batch of "0" is none/);
  await expect(both.execute('true', { maxFail: 1, keepGoing: true })).rejects.toThrow(
    /^keepGoing and maxFail contradict each other/,
  );
});
