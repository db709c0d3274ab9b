import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CONNECTION_DEFAULTS } from '../../src/core/options.js';
import { MasterPool } from '../../src/master/pool.js';
import { readConfigState } from '../../src/ssh/config-state.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { until } from '../fleet/until.js';
import { parseRun, runCli } from './cli.js';
import { NEVER } from './open-host.js';

const AT_ONCE = 20;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'one', sshd: ['MaxStartups 100'] },
      { name: 'pooled', sshd: ['MaxStartups 100'] },
      { name: 'narrow', sshd: ['MaxSessions 2', 'MaxStartups 200'] },
      ...Array.from({ length: 20 }, (_, index) => ({ name: `n${index}`, sameServerAs: 'narrow' })),
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
beforeEach(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
});

const run = (args: readonly string[]) =>
  runCli(['-F', fleet.configPath, '-t', '90', ...args], { env: fleet.env, deadlineMs: 150_000 });

test('20 processes at once on one free master: one takes it, 19 log in, one is left', async () => {
  await run(['-H', 'one', 'exec', 'true']);
  expect(await fleet.logins('one')).toBe(1);
  const meeting = join(fleet.dir, 'meeting');
  await mkdir(meeting);
  // Nobody ends before all have begun, so that no master is handed on.
  const command = `touch ${meeting}/$$; while test ! -e ${meeting}/go; do sleep 0.1; done; echo done`;
  const all = Array.from({ length: AT_ONCE }, () => run(['-H', 'one', 'exec', '--json', command]));
  await until(async () => (await readdir(meeting)).length === AT_ONCE, {
    deadlineMs: 120_000,
    everyMs: 100,
    what: 'all 20 to run at once',
  });
  await mkdir(join(meeting, 'go'));
  const results = (await Promise.all(all)).map((result) => parseRun(result).results[0]);
  expect(results.map((result) => [result?.status, result?.stdout])).toEqual(
    Array.from({ length: AT_ONCE }, () => ['ok', 'done\n']),
  );
  const attempts = results.map((result) => result?.attempts).sort();
  expect(attempts.filter((count) => count === 0)).toHaveLength(1);
  // Dropped connections aside, each of the others logged in for itself, once.
  expect(await fleet.logins('one')).toBe(AT_ONCE);
  const everything = await readdir(join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts'));
  // What Node compiled of the command is kept there too.
  const files = everything.filter((file) => !file.startsWith('code.'));
  expect(files.map((file) => file.replace(/^\w{12}\.\w{4}\./, '')).sort()).toEqual(['-', 'json', 'swept']);
  const { processes } = await leftovers(fleet.dir);
  expect(processes.filter(({ args }) => args.startsWith('ssh '))).toHaveLength(1);
}, 200_000);

test('masters list names the process that works with a master, and masters close leaves it', async () => {
  await run(['-H', 'one', 'exec', 'true']);
  const gate = join(fleet.dir, 'gate');
  let pid = 0;
  let out = '';
  const ended = runCli(
    ['-F', fleet.configPath, '-H', 'one', 'exec', `echo begun; while test ! -e ${gate}; do sleep 0.1; done`],
    { env: fleet.env, onStart: (id) => (pid = id), onOutput: (piece) => (out += piece) },
  );
  await until(() => out.includes('begun'), { deadlineMs: 30_000, what: 'the command' });
  const [head = '', line = ''] = (await run(['masters', 'list'])).out.split('\n');
  expect(head.split(/ {2,}/)).toEqual(['HOST', 'PID', 'AGE', 'IN USE BY', 'VIA', 'ADDRESS']);
  const [host, master, age, usedBy, via, address] = line.split(/ {2,}/);
  expect([host, usedBy, via, address]).toEqual(['one', `process ${pid}`, '-', fleet.host('one').address]);
  expect(age).toMatch(/^\d/);
  process.kill(Number(master), 0);
  const json = JSON.parse((await run(['masters', 'list', '--json'])).out) as Record<string, unknown>;
  expect(json).toMatchObject({
    schema: 'pssh-ts/masters@1',
    masters: [{ label: 'one', host: 'one', pid: Number(master), usedBy: pid }],
  });
  const close = await run(['masters', 'close', 'one']);
  expect(close.err).toBe(`pssh-ts: 0 closed\npssh-ts: one: in use by process ${pid}, left open\n`);
  await mkdir(gate);
  expect((await ended).code).toBe(0);
  expect((await run(['masters', 'close', 'one'])).err).toBe('pssh-ts: 1 closed\n');
});

test('one master is started, however many ask for the host at once', async () => {
  const folder = join(fleet.dir, 'run', 'p');
  await mkdir(folder, { mode: 0o700 });
  const connection = { ...CONNECTION_DEFAULTS, sshConfig: fleet.configPath, persistMs: 0 };
  const pool = await MasterPool.open({ folder, connection, configState: readConfigState(connection) });
  const target = { host: 'pooled', label: 'pooled', index: 0, vars: {} };
  try {
    const leases = await Promise.all(
      Array.from({ length: 50 }, () => pool.acquire(target, NEVER, () => undefined)),
    );
    expect(new Set(leases.map(({ master }) => master.pid)).size).toBe(1);
    expect(await fleet.logins('pooled')).toBe(1);
    await Promise.all(leases.map((lease) => lease.release()));
  } finally {
    await pool.close();
  }
  expect(await readdir(folder)).toEqual(['swept']);
});

test.each(['mux', 'process'])(
  'two runs at once on the same 20 hosts at MaxSessions 2, over %s: all ok',
  async (transport) => {
    const args = [
      '--transport',
      transport,
      '-H',
      'n[0-19]',
      'exec',
      '--json',
      '-c',
      'echo 1',
      '-c',
      'echo 2',
    ];
    const both = await Promise.all([run(args), run(args)]);
    for (const result of both) expect(parseRun(result).summary).toMatchObject({ total: 20, ok: 20 });
  },
  200_000,
);
