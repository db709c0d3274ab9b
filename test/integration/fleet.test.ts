import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pMap from 'p-map';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, type HostKind, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { listProcesses } from '../fleet/processes.js';
import { until } from '../fleet/until.js';

interface Outcome {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

const execFileAsync = promisify(execFile);

/** Plain ssh against a fleet; ends after 30 s at the latest. */
async function ssh(fleet: Fleet, ...args: readonly string[]): Promise<Outcome> {
  const options = { env: fleet.env, timeout: 30_000, maxBuffer: 256 * 2 ** 20 };
  const running = execFileAsync('ssh', ['-F', fleet.configPath, '-o', 'BatchMode=yes', ...args], options);
  running.child.stdin?.end();
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => ({ code: error.code ?? error.signal, stdout: error.stdout, stderr: error.stderr }),
  );
}

/** A master as the product starts one. */
async function openMaster(fleet: Fleet, host: string): Promise<string> {
  const socket = join(fleet.dir, 'run', `${host}.sock`);
  const args = [
    '-F',
    fleet.configPath,
    '-f',
    '-N',
    '-M',
    '-S',
    socket,
    '-E',
    join(fleet.dir, 'tmp', host),
    host,
  ];
  const master = spawn('ssh', ['-o', 'ControlPersist=60', ...args], { env: fleet.env, stdio: 'ignore' });
  expect(await once(master, 'exit')).toEqual([0, null]);
  return socket;
}

const fleets: Fleet[] = [];

async function start(...args: Parameters<typeof startFleet>): Promise<Fleet> {
  const fleet = await startFleet(...args);
  fleets.push(fleet);
  return fleet;
}

const living = async (fleet: Fleet) => (await leftovers(fleet.dir)).processes;

afterEach(async () => {
  for (const fleet of fleets.splice(0)) {
    await fleet.stop();
    // A client whose server has gone needs a moment to end by itself.
    await until(async () => (await living(fleet)).length === 0, {
      deadlineMs: 5_000,
      what: `the last process of ${fleet.dir}`,
    });
    expect(existsSync(fleet.dir)).toBe(false);
  }
});

describe.each([
  { via: 'port', server: 'sshd' },
  { via: 'inetd', server: 'sshd' },
  { via: 'port', server: 'embedded' },
] as const)('$server via $via', (options) => {
  test('five hosts each say who they are', async () => {
    const fleet = await start({ hosts: 5, ...options });
    const names = fleet.hosts.map(({ name }) => name);
    expect(names).toEqual(['node1', 'node2', 'node3', 'node4', 'node5']);
    const outcomes = await Promise.all(names.map((name) => ssh(fleet, name, 'echo $FLEET_HOST')));
    expect(outcomes.map(({ stdout }) => stdout.trim())).toEqual(names);
  });

  test('logins are counted', async () => {
    const fleet = await start({ hosts: 2, ...options });
    expect(await fleet.logins('node1')).toBe(0);
    await ssh(fleet, 'node1', 'true');
    await ssh(fleet, 'node1', 'true');
    expect(await fleet.logins('node1')).toBe(2);
    expect(await fleet.logins('node2')).toBe(0);
  });

  test('statuses, streams and stdin are kept apart', async () => {
    const fleet = await start({ hosts: 1, ...options });
    for (const status of [0, 1, 4, 5, 44]) {
      expect(await ssh(fleet, 'node1', `echo out; echo err >&2; exit ${status}`)).toEqual({
        code: status,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    }
    expect(await ssh(fleet, 'node1', 'wc -c; kill -s TERM $$')).toMatchObject({
      code: 255,
      stdout: expect.stringMatching(/^\s*0\n$/),
    });
  });

  test('a master serves many sessions over one login', async () => {
    const fleet = await start({ hosts: 1, ...options });
    const socket = await openMaster(fleet, 'node1');
    const own = ['-S', socket, '-o', 'ProxyCommand=false', 'node1'];
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => ssh(fleet, ...own, `echo ${n}; exit ${n}`)));
    expect(answers.map(({ code, stdout }) => [code, stdout])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [n, `${n}\n`]),
    );
    expect(await fleet.logins('node1')).toBe(1);
    const { stdout } = await ssh(fleet, ...own, 'head -c 20000000 /dev/zero');
    expect(stdout.length).toBe(20_000_000);
  });

  test('a session is at home in a folder of the fleet', async () => {
    const fleet = await start({ hosts: 1, ...options });
    const home = join(fleet.dir, 'hosts', 'node1', 'home');
    expect((await ssh(fleet, 'node1', 'echo $HOME')).stdout).toBe(`${home}\n`);
    // Under sshd it is the login shell that goes there, and not each reads a file at its start.
    const goes = options.server === 'embedded' || /(bash|zsh)$/.test(userInfo().shell ?? '');
    if (goes) expect((await ssh(fleet, 'node1', 'pwd')).stdout).toBe(`${home}\n`);
  });

  test('binary input comes back byte for byte', async () => {
    const fleet = await start({ hosts: 1, ...options });
    const file = join(fleet.dir, 'tmp', 'bytes');
    const bytes = Buffer.from(Array.from({ length: 3_000_001 }, (_, index) => (index * 7919) % 256));
    await writeFile(file, bytes);
    const args = ['-c', `ssh -F ${fleet.configPath} node1 cat <${file} >${file}.back`];
    await execFileAsync('/bin/sh', args, { env: fleet.env, timeout: 10_000 });
    expect(bytes.equals(await readFile(`${file}.back`))).toBe(true);
  });

  test('stopping a host ends what its sessions run, and leaves the others', async () => {
    const fleet = await start({ hosts: 2, ...options });
    const sleep = 'exec sleep 4711';
    const sleepers = async () =>
      (await listProcesses()).filter(({ args }) => args === 'sleep 4711' || args.includes(sleep));
    const one = ssh(fleet, 'node1', sleep);
    // Its server is not its parent any more.
    await ssh(fleet, 'node1', '(setsid sleep 4711 >/dev/null 2>&1 </dev/null &)');
    await until(async () => (await sleepers()).length >= 3, { deadlineMs: 5_000, what: 'both to sleep' });
    await fleet.stopHost('node1');
    expect((await one).code).toBe(255);
    expect((await sleepers()).map(({ args }) => args)).toEqual([]);
    expect((await ssh(fleet, 'node1', 'true')).code).toBe(255);
    expect((await ssh(fleet, 'node2', 'echo $FLEET_HOST')).stdout).toBe('node2\n');
  });
});

describe('hosts that fail', () => {
  const said = {
    'refused-key': /Permission denied \(publickey\)/,
    'wrong-host-key': /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'dead-port': /Connection refused/,
    unresolvable: /Could not resolve hostname/,
  } satisfies Partial<Record<HostKind, RegExp>>;
  const loud = Object.keys(said) as (keyof typeof said)[];

  test.each(['sshd', 'embedded'] as const)('%s: each kind shows as ssh words it', async (server) => {
    const fleet = await start({ hosts: loud.map((kind) => ({ name: kind, kind })), server });
    for (const kind of loud) {
      const outcome = await ssh(fleet, kind, 'true');
      expect(outcome.code, kind).toBe(255);
      expect(outcome.stderr, kind).toMatch(said[kind]);
    }
  });

  test('inetd: a refused key and a wrong host key too', async () => {
    const both = ['refused-key', 'wrong-host-key'] as const;
    const fleet = await start({ hosts: both.map((kind) => ({ name: kind, kind })), via: 'inetd' });
    for (const kind of both) expect((await ssh(fleet, kind, 'true')).stderr).toMatch(said[kind]);
  });

  test.each([
    ['silent-before-banner', /Local version string/, /Remote protocol version/],
    ['silent-after-banner', /SSH2_MSG_KEXINIT sent/, /SSH2_MSG_KEXINIT received/],
    ['silent-after-kex', /SSH2_MSG_SERVICE_ACCEPT received/, /Authentications that can continue/],
  ] as const)('%s: ssh comes so far and no further', async (kind, reached, never) => {
    const fleet = await start({ hosts: [{ name: 'mute', kind }] });
    const client = spawn('ssh', ['-v', '-F', fleet.configPath, 'mute', 'true'], { env: fleet.env });
    const closed = once(client, 'close');
    let stderr = '';
    client.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await until(() => reached.test(stderr), { deadlineMs: 5_000, what: `${reached} in ssh's log` });
    expect(client.exitCode).toBe(null);
    // Silent to the end: it is the server's end that ends the client.
    await fleet.stop();
    await closed;
    expect(stderr).not.toMatch(never);
  });
});

describe('the configuration', () => {
  test('extra sshd lines win: MaxSessions 1 refuses a second session', async () => {
    const fleet = await start({ hosts: [{ name: 'one', sshd: ['MaxSessions 1'] }] });
    const socket = await openMaster(fleet, 'one');
    const own = ['-S', socket, '-o', 'ProxyCommand=false', 'one'];
    const mark = join(fleet.dir, 'tmp', 'mark');
    const first = ssh(fleet, ...own, `touch ${mark}; while test -e ${mark}; do sleep 0.05; done`);
    await until(() => existsSync(mark), { deadlineMs: 5_000, what: 'the first session' });
    expect(await ssh(fleet, ...own, 'true')).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('Session open refused by peer'),
    });
    await rm(mark);
    expect((await first).code).toBe(0);
  });

  test('SetEnv and Match lines go together with the fleet’s own', async () => {
    const sshd = ['SetEnv COLOR=blue', 'Match User *', '  ForceCommand echo $COLOR $FLEET_HOST'];
    const fleet = await start({ hosts: [{ name: 'a', sshd }] });
    expect((await ssh(fleet, 'a', 'true')).stdout).toBe('blue a\n');
  });

  test('extra client lines win, and aliases share a server', async () => {
    const fleet = await start({
      hosts: [
        { name: 'a' },
        { name: 'b', sameServerAs: 'a', client: ['RemoteCommand echo remote'] },
        { name: 'c', sameServerAs: 'b' },
      ],
    });
    expect((await ssh(fleet, 'b')).stdout).toBe('remote\n');
    expect((await ssh(fleet, 'c', 'echo $FLEET_HOST')).stdout).toBe('a\n');
    expect(await fleet.logins('c')).toBe(2);
    expect(fleet.host('c').logFile).toBe(fleet.host('a').logFile);
  });

  test('a host can be added', async () => {
    const fleet = await start({ hosts: 1 });
    await fleet.addHost({ name: 'late' });
    expect((await ssh(fleet, 'late', 'echo $FLEET_HOST')).stdout).toBe('late\n');
  });

  test('the environment is clean and short', async () => {
    const fleet = await start({ hosts: 1 });
    expect(fleet.env).not.toHaveProperty('CI');
    expect(fleet.env).not.toHaveProperty('SSH_AUTH_SOCK');
    expect((await stat(fleet.env.XDG_RUNTIME_DIR ?? '')).mode & 0o777).toBe(0o700);
    expect(fleet.dir.length).toBeLessThan(30);
  });

  test('a bad sshd line is reported with what sshd said', async () => {
    await expect(startFleet({ hosts: [{ name: 'a' }, { name: 'b', sshd: ['Nonsense 1'] }] })).rejects.toThrow(
      /sshd of b did not start:[\s\S]*Bad configuration option: Nonsense/,
    );
  });
});

describe('fifty hosts', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ hosts: 50 });
  });
  afterAll(() => fleet.stop());

  test('start, answer and stop', async () => {
    expect((await living(fleet)).length).toBe(50);
    const names = fleet.hosts.map(({ name }) => name);
    // A login costs 80 ms of CPU on each side; fifty at once starve each other on a busy machine.
    const answers = await pMap(names, (name) => ssh(fleet, name, 'echo $FLEET_HOST'), { concurrency: 8 });
    expect(answers).toEqual(names.map((name) => ({ code: 0, stdout: `${name}\n`, stderr: '' })));
    await fleet.stop();
    expect(await living(fleet)).toEqual([]);
    expect(existsSync(fleet.dir)).toBe(false);
  });
});
