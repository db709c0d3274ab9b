import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { until } from '../fleet/until.js';
import { startUsersMaster, type UsersMaster } from '../fleet/users-master.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { countingSsh } from './counting-ssh.js';

let folder: string;
let fleet: Fleet;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pt-cm-'));
  const client = [`ControlPath ${folder}/%C`];
  fleet = await startFleet({
    hosts: [
      { name: 'mine', client },
      { name: 'two', client, sshd: ['MaxSessions 2'] },
      { name: 'single', client, sshd: ['MaxSessions 1'] },
      { name: 'stopped', client },
      { name: 'many', client },
      ...Array.from({ length: 6 }, (_, index) => ({ name: `two-${index}`, client, sameServerAs: 'two' })),
      ...Array.from({ length: 8 }, (_, index) => ({ name: `many-${index}`, client, sameServerAs: 'many' })),
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', fleet.configPath, '-t', '30', ...args], { env: fleet.env, ...options });

async function usersMaster(host: string): Promise<UsersMaster> {
  const master = await startUsersMaster(fleet, host);
  onTestFinished(() => master.end());
  return master;
}

/** Their sockets, by the names in the runtime folder. */
async function ours(): Promise<string[]> {
  const files = await readdir(join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts')).catch(() => []);
  return files.filter((file) => /^\w{12}\.\w{4}\.(-|\w{7})$/.test(file));
}

beforeEach(async () => {
  await run(['masters', 'close']);
});

describe("a live master of the user's own", () => {
  test('serves instead of a login, and is left as it was', async () => {
    const master = await usersMaster('mine');
    const before = await readdir(folder);
    const logins = await fleet.logins('mine');
    const result = await run(['-v', '-H', 'mine', 'exec', 'echo $FLEET_HOST']);
    expect(result.out).toBe('mine: mine\n');
    expect(result.err).toContain("mine: connected (live master), over process (the user's own master)");
    expect(await fleet.logins('mine')).toBe(logins);
    expect((await run(['masters', 'list'])).err).toContain('no connection is open');
    await run(['--persist', '0', '-H', 'mine', 'exec', 'true']);
    await run(['masters', 'close', 'mine']);
    expect(await master.isAlive()).toBe(true);
    expect(await readdir(folder)).toEqual(before);
    expect(await ours()).toEqual([]);
  });

  test('gives the same results as one of ours: a status, a signal, input, both outputs', async () => {
    await usersMaster('mine');
    const ends = parseRun(
      await run(['-H', 'mine', 'exec', '--json', '--keep-commands', '-c', 'exit 255', '-c', 'kill -9 $$']),
    );
    expect(ends.results.map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['failed', 255],
      ['signaled', null],
    ]);
    const input = await run(['-H', 'mine', 'exec', '--json', '-I', 'cat; echo err >&2'], { input: 'in\n' });
    expect(parseRun(input).results[0]).toMatchObject({ stdout: 'in\n', stderr: 'err\n' });
  });

  test('a command that takes too long is ended over it, and it lives on', async () => {
    const master = await usersMaster('mine');
    const result = parseRun(await run(['-H', 'mine', 'exec', '-u', '1', '--json', 'sleep 6464']));
    expect(result.results[0]).toMatchObject({ status: 'timed-out', killed: 'confirmed' });
    expect(await master.isAlive()).toBe(true);
  });

  test('where it grants one session only, nobody claims that the command is dead', async () => {
    const master = await usersMaster('single');
    const result = parseRun(await run(['-H', 'single', 'exec', '-u', '1', '--json', 'sleep 3']));
    expect(result.results[0]).toMatchObject({ status: 'timed-out', killed: 'unknown' });
    expect(await master.isAlive()).toBe(true);
  });

  test('at MaxSessions 2 seven commands at once take turns: all ok, no login', async () => {
    const master = await usersMaster('two');
    const logins = await fleet.logins('two');
    const hosts = 'two,two-[0-5]';
    const result = parseRun(await run(['-H', hosts, 'exec', '--json', 'echo $PSSH_HOST']));
    expect(result.results.map(({ stdout }) => stdout)).toEqual(
      ['two', ...Array.from({ length: 6 }, (_, index) => `two-${index}`)].map((name) => `${name}\n`),
    );
    expect(result.summary.ok).toBe(7);
    expect(await fleet.logins('two')).toBe(logins);
    expect(await master.isAlive()).toBe(true);
  });

  test('where its user has taken all sessions, one of ours serves, and a line says so', async () => {
    const master = await usersMaster('single');
    const hold = spawn('ssh', ['-F', fleet.configPath, 'single', 'echo held; read word'], {
      env: fleet.env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const held = new Promise((resolve) => hold.once('close', resolve));
    let said = '';
    hold.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
    await until(() => said.includes('held'), { deadlineMs: 20_000, what: "the user's own session" });
    const file = join(fleet.dir, 'ran');
    const result = await run(['-H', 'single', 'exec', `echo ran >>${file}; echo here`]);
    expect(result.out).toBe('single: here\n');
    expect(result.err).toContain("your own master gives no session; logging in for one of pssh-ts's");
    expect(await readFile(file, 'utf8')).toBe('ran\n');
    expect(await ours()).toHaveLength(1);
    hold.stdin.end('\n');
    expect(await held).toBe(0);
    expect(await master.isAlive()).toBe(true);
  });

  test('ours comes first where both live', async () => {
    await run(['-H', 'mine', 'exec', 'true']);
    await usersMaster('mine');
    expect((await run(['-v', '-H', 'mine', 'exec', 'true'])).err).toContain('(live master), over mux');
  });

  test.each([[['--own-masters']], [['--transport', 'mux']]])('%j passes it over', async (args) => {
    const master = await usersMaster('mine');
    const result = await run(['-v', ...args, '-H', 'mine', 'exec', 'true']);
    expect(result.err).toContain('mine: connected, over mux');
    expect(await ours()).toHaveLength(1);
    expect(await master.isAlive()).toBe(true);
  });

  test('a stopped one is passed over within its deadline', async () => {
    const master = await usersMaster('stopped');
    process.kill(master.pid, 'SIGSTOP');
    try {
      const result = await run(['-v', '-H', 'stopped', 'exec', 'echo $FLEET_HOST']);
      expect(result.out).toBe('stopped: stopped\n');
      expect(result.err).toContain('connected, over mux');
      expect(result.durationMs).toBeLessThan(20_000);
    } finally {
      process.kill(master.pid, 'SIGCONT');
    }
    expect(await master.isAlive()).toBe(true);
  });

  test('the socket of a master that was killed does not hold a login up', async () => {
    const master = await usersMaster('mine');
    process.kill(master.pid, 'SIGKILL');
    const result = await run(['-v', '-H', 'mine', 'exec', 'true']);
    expect(result.err).toContain('mine: connected, over mux');
    await rm(join(folder, (await readdir(folder))[0] ?? 'none'), { force: true });
  });

  test('looking for it costs no process: one ssh -G and one ssh -S a host', async () => {
    await usersMaster('many');
    const ssh = await countingSsh(fleet.dir, fleet.env);
    const result = await run(['-H', 'many-[0-7]', 'exec', '--json', 'true'], { env: ssh.env });
    expect(parseRun(result).summary.ok).toBe(8);
    const lines = await ssh.started();
    expect(lines.filter((line) => line.startsWith('-G '))).toHaveLength(8);
    expect(lines.filter((line) => line.includes(`-S ${folder}/`)).length).toBeGreaterThanOrEqual(8);
    expect(lines.filter((line) => line.includes(' -M '))).toEqual([]);
  });
});

describe('--max-masters', () => {
  test('more than these are closed when their host is done', async () => {
    const result = await run(['--own-masters', '--max-masters', '2', '-H', 'many-[0-7]', 'exec', 'true']);
    expect(result.code).toBe(0);
    const { masters } = JSON.parse((await run(['masters', 'list', '--json'])).out) as { masters: unknown[] };
    expect(masters).toHaveLength(2);
  });

  test('the idle ones of an earlier run count once they are taken up', async () => {
    await run(['--own-masters', '-H', 'many-[0-4]', 'exec', 'true']);
    expect(await ours()).toHaveLength(5);
    await run(['--own-masters', '--max-masters', '3', '-H', 'many-[0-4]', 'exec', 'true']);
    expect(await ours()).toHaveLength(3);
  });

  test('0 keeps none', async () => {
    await run(['--own-masters', '--max-masters', '0', '-H', 'mine', 'exec', 'true']);
    expect(await ours()).toEqual([]);
  });
});
