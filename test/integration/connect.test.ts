import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { until } from '../fleet/until.js';
import { parseRun, runCli } from './cli.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'good1' },
      { name: 'dead', kind: 'dead-port' },
      { name: 'nowhere', kind: 'unresolvable' },
      { name: 'nokey', kind: 'refused-key' },
      { name: 'changed', kind: 'wrong-host-key' },
      { name: 'mute1', kind: 'silent-before-banner' },
      { name: 'mute2', kind: 'silent-after-banner' },
      { name: 'mute3', kind: 'silent-after-kex' },
      { name: 'good2' },
      { name: 'few', sshd: ['MaxStartups 2'] },
      { name: 'lone', sshd: ['MaxSessions 1'] },
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});

const run = (args: readonly string[]) => runCli(['-F', fleet.configPath, ...args], { env: fleet.env });

test("each of ssh's failures has its status and ssh's reason; the other hosts' results are whole", async () => {
  // Connected beforehand: two seconds are for the silent ones, a busy machine may need more for a login.
  await run(['-t', '60', '-H', 'good1,good2', 'exec', 'true']);
  const hosts = 'good1,dead,nowhere,nokey,changed,mute1,mute2,mute3,good2';
  const result = await run(['-t', '2', '-H', hosts, 'exec', '--json', 'seq 1 1000; echo $FLEET_HOST']);
  expect(result.code).toBe(4);
  expect(result.durationMs).toBeLessThan(8_000);
  const rows = parseRun(result).results.map(({ host, status, error }) => [host, status, error?.code ?? null]);
  expect(rows).toEqual([
    ['good1', 'ok', null],
    ['dead', 'unreachable', 'ERR_CONNECT'],
    ['nowhere', 'unreachable', 'ERR_RESOLVE'],
    ['nokey', 'auth-failed', 'ERR_AUTH'],
    ['changed', 'host-key-failed', 'ERR_HOST_KEY'],
    ['mute1', 'unreachable', 'ERR_CONNECT_TIMEOUT'],
    ['mute2', 'unreachable', 'ERR_CONNECT_TIMEOUT'],
    ['mute3', 'unreachable', 'ERR_CONNECT_TIMEOUT'],
    ['good2', 'ok', null],
  ]);
  const numbers = Array.from({ length: 1000 }, (_, index) => `${index + 1}\n`).join('');
  for (const { host, status, stdout } of parseRun(result).results) {
    expect(stdout).toBe(status === 'ok' ? `${numbers}${host}\n` : '');
  }
  const message = (host: string) =>
    parseRun(result).results.find((entry) => entry.host === host)?.error?.message;
  expect(message('dead')).toContain('Connection refused');
  expect(message('nowhere')).toContain('Could not resolve hostname');
  expect(message('nokey')).toContain('Permission denied (publickey)');
  expect(message('changed')).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
  expect(message('mute1')).toContain('within 2s');
  for (const host of ['dead', 'nowhere', 'nokey', 'changed', 'mute[1-3]']) {
    expect(result.err).toContain(`: ${host}: `);
  }
});

test.each(['mute1', 'mute2', 'mute3'])(
  'a host that falls silent (%s) is given up within -t, and no ssh stays behind',
  async (host) => {
    const result = await run(['-t', '2', '-H', host, 'exec', 'true']);
    expect(result.code).toBe(4);
    expect(result.durationMs).toBeLessThan(8_000);
    const { processes } = await leftovers(fleet.dir);
    expect(processes.filter(({ args }) => args.startsWith('ssh ') && args.endsWith(` ${host}`))).toEqual([]);
  },
);

test('-t bounds all of the connecting, retries included', async () => {
  const result = await run(['-t', '1', '--connect-retries', '50', '-H', 'mute2', 'exec', 'true']);
  expect(result.durationMs).toBeLessThan(10_000);
});

test('nothing waits for a keyboard where the host key is not known', async () => {
  const result = await run(['-o', 'UserKnownHostsFile=/dev/null', '-H', 'good1', 'exec', 'true']);
  expect(result.code).toBe(4);
  expect(result.err).toContain('host-key-failed');
});

test('MaxSessions 1 serves one command after another', async () => {
  const result = await run(['-H', 'lone', 'exec', '--json', '-c', 'echo 1', '-c', 'echo 2']);
  expect(parseRun(result).results.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n']);
});

test('a server that drops connections before the login (MaxStartups) is tried again', async () => {
  const names = Array.from({ length: 16 }, (_, index) => `few-${index}`);
  for (const name of names) await fleet.addHost({ name, sameServerAs: 'few' });
  const result = await run([
    '--persist',
    '0',
    '--connect-retries',
    '20',
    '-t',
    '30',
    '-H',
    names.join(','),
    'exec',
    '--json',
    'true',
  ]);
  expect(parseRun(result).summary.ok).toBe(16);
  expect(Math.max(...parseRun(result).results.map(({ attempts }) => attempts))).toBeGreaterThan(1);
});

test('a connection lost in the middle of a command is disconnected, not the failure of the command', async () => {
  await fleet.addHost({ name: 'doomed' });
  const ended = run([
    '-H',
    'doomed,good1',
    'exec',
    '--json',
    'echo begun; [ "$PSSH_HOST" = good1 ] || sleep 60',
  ]);
  await until(async () => (await fleet.log('doomed')).includes('Starting session'), {
    deadlineMs: 20_000,
    what: 'the session',
  });
  await fleet.stopHost('doomed');
  const result = await ended;
  const [doomed, good] = parseRun(result).results;
  expect(doomed).toMatchObject({
    status: 'disconnected',
    exitCode: null,
    error: { code: 'ERR_DISCONNECTED' },
  });
  expect(good).toMatchObject({ status: 'ok', stdout: 'begun\n' });
  expect(result.code).toBe(4);
});

test('without an ssh client the fault is ours, exit 1, and says what to install', async () => {
  // A host of its own: over a master that lives already no ssh is started, and none is missed.
  await fleet.addHost({ name: 'cold', sameServerAs: 'good1' });
  const env = { ...fleet.env, PATH: '/nonexistent' };
  const result = await runCli(['-F', fleet.configPath, '-H', 'cold', '--persist', '0', 'exec', 'true'], {
    env,
  });
  expect(result.err).toContain('no ssh client on PATH');
  expect(result.code).toBe(1);
});
