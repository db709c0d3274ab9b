import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { listProcesses, sessionProcesses } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { runProgram } from './cli.js';

const PROGRAM = fileURLToPath(new URL('three-clusters.mjs', import.meta.url));

let fleet: Fleet;
beforeAll(async () => {
  const servers = ['s1', 's2', 's3', 's4', 's5'];
  const names = ['a', 'b', 'c'].flatMap((letter) =>
    Array.from({ length: 50 }, (_, place) => ({
      name: `${letter}${place + 1}`,
      sameServerAs: servers[place % servers.length] as string,
    })),
  );
  fleet = await startFleet({ hosts: [...servers.map((name) => ({ name })), ...names] });
});
afterAll(() => fleet.stop());

test('a program with 3 clusters of 50 machines, one run canceled, ends by itself at once and leaves nothing', async () => {
  let closedAt = 0;
  const result = await runProgram(process.execPath, [PROGRAM, fleet.configPath], {
    env: fleet.env,
    deadlineMs: 240_000,
    onOutput: () => {
      closedAt = performance.now();
    },
  });
  const tookMs = performance.now() - closedAt;
  expect(result.err).toBe('');
  expect(result.code).toBe(0);
  expect(JSON.parse(result.out)).toEqual({
    ok: 50,
    canceled: 50,
    streamed: 50,
    alive: [50, 50, 50],
    again: 50,
    left: 0,
    held: 0,
  });
  // At once; a busy machine takes its time to end any process.
  expect(tookMs).toBeLessThan(3_000);
  const { processes, files } = await leftovers(`${fleet.dir}/run`, [`${fleet.dir}/run`, `${fleet.dir}/tmp`]);
  expect([processes, files.filter((file) => !file.endsWith('/swept'))]).toEqual([[], []]);
  await nothingRuns();
}, 300_000);

const OPEN = `
import { Machine } from 'pssh-ts';
const machine = new Machine('s1', { sshConfig: process.argv[1], connectTimeout: '60s' });
const steps = await machine.execute(['echo one', 'sleep 0.5; echo two']);
const { stdout } = await machine.execute('echo three');
const cat = await machine.spawn('cat');
cat.stderr.resume();
cat.stdin.end('four');
const four = await cat.stdout.toArray();
console.log([...steps, { stdout }].map((step) => step.stdout.text().trim()).join(), four.join(), machine.connected);
`;

test('a program that leaves a machine open ends by itself, and soon nothing of it is left', async () => {
  let saidAt = 0;
  const result = await runProgram(
    process.execPath,
    ['--input-type=module', '--eval', OPEN, '--', fleet.configPath],
    {
      env: fleet.env,
      onOutput: () => {
        saidAt = performance.now();
      },
    },
  );
  expect([result.code, result.err, result.out]).toEqual([0, '', 'one,two,three four true\n']);
  expect(performance.now() - saidAt).toBeLessThan(5_000);
  await nothingRuns();
  // The connection ends by itself 10 seconds after the program.
  const gone = async () => (await leftovers(`${fleet.dir}/run`)).processes.length === 0;
  await until(gone, { deadlineMs: 40_000, what: 'the end of the connection' });
}, 120_000);

/** Nothing that a session started is left on any of the servers. A leash's own sleep would be there for 45 seconds. */
async function nothingRuns(): Promise<void> {
  let left: readonly string[] = [];
  await until(
    async () => {
      const pids = await sessionProcesses(fleet.dir);
      left = (await listProcesses()).flatMap(({ pid, args }) => (pids.includes(pid) ? [args] : []));
      return left.length === 0;
    },
    { deadlineMs: 20_000, everyMs: 100, what: 'the end of all that was started on the servers' },
  ).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${left.join()}`, { cause: error });
  });
}
