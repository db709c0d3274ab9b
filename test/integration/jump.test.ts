import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import type { HostSpec } from '../fleet/types.js';
import { until } from '../fleet/until.js';
import { parseRun, runCli } from './cli.js';

const via = (jump: string): Pick<HostSpec, 'client'> => ({ client: [`ProxyJump ${jump}`] });
const SERVERS = 4;
const behind = Array.from(
  { length: 100 },
  (_, index): HostSpec => ({
    name: `h${index + 1}`,
    sameServerAs: `s${(index % SERVERS) + 1}`,
    ...via('bastion'),
  }),
);
const crowd = Array.from(
  { length: 60 },
  (_, index): HostSpec => ({ name: `c${index + 1}`, sameServerAs: 'few' }),
);
const FAILING = ['nokey', 'changed', 'down'] as const;

describe.each(['mux', 'process'])('over %s', (transport) => {
  let fleet: Fleet;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [
        { name: 'bastion', sshd: ['MaxStartups 10:30:100'] },
        ...Array.from({ length: SERVERS }, (_, index) => ({ name: `s${index + 1}` })),
        ...behind,
        { name: 'inner', ...via('bastion') },
        { name: 'deep', sameServerAs: 's2', ...via('inner') },
        { name: 'nokey', kind: 'refused-key' },
        { name: 'changed', kind: 'wrong-host-key' },
        { name: 'down', kind: 'dead-port' },
        ...FAILING.flatMap((jump) =>
          [1, 2, 3].map(
            (number): HostSpec => ({ name: `${jump}${number}`, sameServerAs: 's1', ...via(jump) }),
          ),
        ),
        { name: 'mute', kind: 'silent-after-banner' },
        { name: 'unheard', sameServerAs: 's1', ...via('mute') },
        { name: 'strict', sshd: ['AllowTcpForwarding no'] },
        { name: 'forbidden', sameServerAs: 's1', ...via('strict') },
        { name: 'shut', kind: 'dead-port', ...via('bastion') },
        { name: 'round', sameServerAs: 's1', ...via('round') },
        { name: 'piped', client: ["ProxyCommand sh -c 'echo no such tunnel >&2; exit 1'"] },
        { name: 'not', sameServerAs: 's1', ...via('none') },
        { name: 'few', sshd: ['MaxStartups 3'] },
        ...crowd,
      ],
    });
    env = { ...fleet.env, PSSH_TS_TRANSPORT: transport };
  });
  afterEach(async () => {
    await runCli(['masters', 'close'], { env });
  });
  afterAll(() => fleet.stop());

  const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runCli(['-F', fleet.configPath, '-t', '60', ...args], { env: { ...env, ...more }, deadlineMs: 120_000 });
  const statuses = async (args: readonly string[]) =>
    parseRun(await run([...args, 'exec', '--json', 'true'])).results.map(({ host, status }) => [
      host,
      status,
    ]);
  const connections = async (name: string): Promise<number> =>
    (await fleet.log(name)).match(/^Connection from /gm)?.length ?? 0;
  interface Listed {
    readonly label: string;
    readonly pid: number;
    readonly via: string | null;
  }
  const masters = async (): Promise<readonly Listed[]> =>
    (JSON.parse((await run(['masters', 'list', '--json'])).out) as { masters: Listed[] }).masters;
  const sshLeft = async (): Promise<string[]> => {
    const { processes } = await leftovers(fleet.dir);
    return processes.map(({ args }) => args).filter((args) => args.startsWith('ssh '));
  };

  test('100 hosts behind one bastion: all ok on the first try, one login at the bastion', async () => {
    const before = await fleet.logins('bastion');
    const first = parseRun(await run(['-H', 'h[1-100]', 'exec', '--json', 'echo $PSSH_HOST']));
    expect(first.summary).toMatchObject({ total: 100, ok: 100 });
    expect(first.results.map(({ attempts }) => attempts)).toEqual(behind.map(() => 1));
    expect(first.results.map(({ stdout }) => stdout)).toEqual(behind.map(({ name }) => `${name}\n`));
    expect((await fleet.logins('bastion')) - before).toBe(1);
    expect((await masters()).filter(({ via }) => via === 'bastion')).toHaveLength(100);

    // A run on the bastion itself has a master of its own: nothing it does ends the hosts behind it.
    expect(await statuses(['--persist', '0', '-H', 'bastion'])).toEqual([['bastion', 'ok']]);
    expect((await fleet.logins('bastion')) - before).toBe(2);
    // Warm hosts need no ssh for anything, least of all for the bastion. (Over process it is each command's.)
    const path = transport === 'mux' ? { PATH: '/nonexistent' } : {};
    const warm = parseRun(await run(['-H', 'h[1-100]', 'exec', '--json', 'true'], path));
    expect(warm.summary).toMatchObject({ total: 100, ok: 100 });
    expect(warm.results.every(({ attempts }) => attempts === 0)).toBe(true);
    expect((await fleet.logins('bastion')) - before).toBe(2);
  }, 240_000);

  test('a master that a run on the bastion left serves the hosts behind it', async () => {
    const before = await fleet.logins('bastion');
    expect(await statuses(['-H', 'bastion'])).toEqual([['bastion', 'ok']]);
    expect(await statuses(['-H', 'h1'])).toEqual([['h1', 'ok']]);
    expect((await fleet.logins('bastion')) - before).toBe(1);
    expect((await masters()).map(({ label, via }) => [label, via])).toEqual([
      ['bastion', null],
      ['h1', 'bastion'],
    ]);
  });

  test('--persist 0 closes the hosts behind a bastion, and then the bastion', async () => {
    expect(await statuses(['--persist', '0', '-H', 'h1,h2,h3'])).toEqual([
      ['h1', 'ok'],
      ['h2', 'ok'],
      ['h3', 'ok'],
    ]);
    await until(async () => (await sshLeft()).length === 0, {
      deadlineMs: 20_000,
      what: 'the end of every ssh',
    });
    const files = await readdir(join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts'));
    expect(files.filter((file) => /^[0-9a-z]{12}\.|^[os]\./.test(file))).toEqual([]);
  });

  test('-J on the command line, and what else stands there is not for the jump host', async () => {
    const before = await fleet.logins('bastion');
    // Neither the user nor the port is the bastion's.
    const { port } = fleet.host('s1');
    expect(await statuses(['-J', 'bastion', '-l', 'nobody-of-this-name', '-H', 's1'])).toEqual([
      ['s1', 'auth-failed'],
    ]);
    expect(await statuses(['-J', 'bastion', '--port', String(port), '-o', 'Port=1', '-H', 's1,h1'])).toEqual([
      ['s1', 'ok'],
      ['h1', 'ok'],
    ]);
    expect((await fleet.logins('bastion')) - before).toBe(1);
  });

  test('a chain of jumps, in the config and on the command line', async () => {
    expect(await statuses(['-H', 'deep'])).toEqual([['deep', 'ok']]);
    expect((await masters()).map(({ label, via }) => [label, via])).toEqual([
      ['bastion', null],
      ['deep', 'inner'],
      ['inner', 'bastion'],
    ]);
    const before = await fleet.logins('bastion');
    const passed = await fleet.logins('s3');
    expect(await statuses(['-J', 'bastion,s3', '-H', 's4'])).toEqual([['s4', 'ok']]);
    // Reached through s3, which was reached through the bastion of before.
    expect((await fleet.logins('s3')) - passed).toBe(1);
    expect((await fleet.logins('bastion')) - before).toBe(0);
    expect((await masters()).find(({ label }) => label === 's4')?.via).toBe('s3');
  });

  test("a jump host's failure is its own, is named, and is asked for once", async () => {
    const before = await Promise.all(['nokey', 'changed'].map(connections));
    const hosts = FAILING.map((jump) => `${jump}[1-3]`).join(',');
    const result = await run(['-f', '4', '-H', `${hosts},h1`, 'exec', '--json', 'true']);
    const found = parseRun(result).results.map(({ status, error, attempts }) => [status, attempts, error]);
    expect(found.map(([status]) => status)).toEqual([
      ...['auth-failed', 'auth-failed', 'auth-failed'],
      ...['host-key-failed', 'host-key-failed', 'host-key-failed'],
      ...['unreachable', 'unreachable', 'unreachable', 'ok'],
    ]);
    const message = (host: string) =>
      parseRun(result).results.find((one) => one.host === host)?.error?.message;
    expect(message('nokey1')).toMatch(/^jump host nokey: .*Permission denied \(publickey\)/);
    expect(message('changed1')).toMatch(/^jump host changed: REMOTE HOST IDENTIFICATION HAS CHANGED/);
    expect(message('down1')).toMatch(/^jump host down: connect to .*Connection refused/);
    for (const jump of FAILING) {
      expect(message(`${jump}2`)).toBe(message(`${jump}1`));
      expect(message(`${jump}3`)).toBe(message(`${jump}1`));
    }
    const after = await Promise.all(['nokey', 'changed'].map(connections));
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1]);
  });

  test('-t covers jump host and host', async () => {
    const result = await run(['-t', '2', '-H', 'unheard', 'exec', '--json', 'true']);
    expect(parseRun(result).results[0]).toMatchObject({
      status: 'unreachable',
      error: { code: 'ERR_CONNECT_TIMEOUT', message: 'jump host mute: not connected within 2s' },
    });
    expect(result.durationMs).toBeLessThan(15_000);
    expect(await sshLeft()).toEqual([]);
  });

  test('what a jump host refuses is told in its words', async () => {
    const result = parseRun(await run(['-H', 'shut,forbidden,h1', 'exec', '--json', 'true']));
    expect(result.results.map(({ status, error }) => [status, error?.message ?? null])).toEqual([
      ['unreachable', 'through jump host bastion: connect failed: Connection refused'],
      ['unreachable', 'through jump host strict: administratively prohibited: open failed'],
      ['ok', null],
    ]);
  });

  test('a ProxyJump that leads back to itself fails, of none there is none', async () => {
    const result = parseRun(await run(['-H', 'round,not', 'exec', '--json', 'true']));
    expect(result.results[0]?.error?.message).toContain('jump host round: ');
    expect(result.results[1]?.status).toBe('ok');
    expect((await masters()).map(({ label, via }) => [label, via])).toEqual([['not', null]]);
  });

  test('--no-jump-master leaves jumps to ssh', async () => {
    const before = await fleet.logins('bastion');
    expect(await statuses(['--no-jump-master', '-H', 'h1,h2'])).toEqual([
      ['h1', 'ok'],
      ['h2', 'ok'],
    ]);
    expect((await fleet.logins('bastion')) - before).toBe(2);
    expect((await masters()).map(({ label, via }) => [label, via])).toEqual([
      ['h1', null],
      ['h2', null],
    ]);
  });

  test("where ssh connects through a proxy by itself, the proxy's words are told", async () => {
    const result = parseRun(
      await run(['--no-jump-master', '-H', 'piped,nokey1,down1', 'exec', '--json', 'true']),
    );
    const found = result.results.map(({ status, error }) => [status, error?.message]);
    expect(found).toEqual([
      ['unreachable', 'ProxyCommand: no such tunnel'],
      ['auth-failed', expect.stringMatching(/^jump host nokey: .*Permission denied \(publickey\)/)],
      ['unreachable', expect.stringMatching(/^jump host down: connect to .* Connection refused/)],
    ]);
  });

  test("the bastion's master is killed, twice: what goes through it is disconnected, the next run works", async () => {
    for (const round of [1, 2]) {
      const gone = join(fleet.dir, `gone-${transport}-${round}`);
      let begun = 0;
      const wait = `i=0; while [ ! -e ${gone} ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done`;
      const text = `echo begun; ${wait}; [ "$PSSH_HOST" = s3 ] || sleep 60`;
      const args = ['-F', fleet.configPath, '-t', '60', '-H', 'h1,h2,s3', 'exec', '-N', text];
      const ended = runCli(args, {
        env,
        onOutput: (piece) => {
          begun += piece.match(/begun/g)?.length ?? 0;
        },
      });
      await until(() => begun === 3, { deadlineMs: 60_000, what: 'three commands to begin' });
      const bastion = (await masters()).find(({ label }) => label === 'bastion');
      if (bastion === undefined) throw new Error('the bastion has no master');
      process.kill(bastion.pid, 'SIGKILL');
      await writeFile(gone, '');
      const result = await ended;
      expect(result.code).toBe(4);
      expect(result.err).toContain('2 of 3 hosts failed');
      expect(result.err).toMatch(/ {2}disconnected: h(1|\[1-2\]): /);
      expect(result.durationMs).toBeLessThan(50_000);
      expect(await statuses(['-H', 'h1,h2,s3'])).toEqual([
        ['h1', 'ok'],
        ['h2', 'ok'],
        ['s3', 'ok'],
      ]);
    }
  }, 240_000);

  test("a live master of the user's own at the bastion is used, and is not closed", async () => {
    const config = join(fleet.dir, `own-${transport}`);
    const controlPath = join(fleet.dir, 'run', `own-${transport}`);
    await writeFile(
      config,
      `Host bastion\n  ControlPath ${controlPath}\nHost *\n  Include ${fleet.configPath}\n`,
    );
    const ssh = (...args: string[]) =>
      spawnSync('ssh', ['-F', config, ...args], { env, stdio: 'ignore' }).status;
    expect(ssh('-M', '-N', '-f', '-o', 'BatchMode=yes', 'bastion')).toBe(0);
    try {
      const before = await fleet.logins('bastion');
      const result = await runCli(
        ['-F', config, '-t', '60', '--persist', '0', '-H', 'h1,h2', 'exec', '--json', 'true'],
        {
          env,
        },
      );
      expect(parseRun(result).results.map(({ status }) => status)).toEqual(['ok', 'ok']);
      expect((await fleet.logins('bastion')) - before).toBe(0);
      await run(['masters', 'close']);
      expect(ssh('-O', 'check', 'bastion')).toBe(0);
    } finally {
      ssh('-O', 'exit', 'bastion');
    }
  });

  test('masters close ends what goes through a bastion with it, but nothing that somebody works with', async () => {
    expect(await statuses(['-H', 'h1,h2,s3'])).toHaveLength(3);
    const list = (await run(['masters', 'list'])).out.split('\n').map((line) => line.split(/ {2,}/));
    expect(list[0]?.slice(0, 5)).toEqual(['HOST', 'PID', 'AGE', 'IN USE BY', 'VIA']);
    expect(list[2]?.slice(3, 5)).toEqual(['-', 'bastion']);
    const done = join(fleet.dir, `done-${transport}`);
    let begun = false;
    const wait = `i=0; while [ ! -e ${done} ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done`;
    const working = runCli(['-F', fleet.configPath, '-H', 'h1', 'exec', `echo begun; ${wait}`], {
      env,
      onOutput: () => {
        begun = true;
      },
    });
    await until(() => begun, { deadlineMs: 60_000, what: 'the command to begin' });
    const refused = await run(['masters', 'close', 'bastion']);
    expect(refused.err).toMatch(/^pssh-ts: 0 closed\npssh-ts: bastion: in use by process \d+, left open\n$/);
    await writeFile(done, '');
    expect((await working).code).toBe(0);
    expect((await run(['masters', 'close', 'h2'])).err).toBe('pssh-ts: 1 closed\n');
    expect((await run(['masters', 'close', 'bastion'])).err).toBe('pssh-ts: 2 closed\n');
    expect((await masters()).map(({ label }) => label)).toEqual(['s3']);
  });

  test('60 hosts at one sshd with MaxStartups 3: the rate falls by itself, and all are ok', async () => {
    const { summary, results } = parseRun(await run(['-H', 'c[1-60]', 'exec', '--json', 'true']));
    expect(summary).toMatchObject({ total: 60, ok: 60 });
    // It did drop some.
    expect(Math.max(...results.map(({ attempts }) => attempts))).toBeGreaterThan(1);
    expect(await fleet.log('few')).toContain('MaxStartups');
  }, 180_000);
});
