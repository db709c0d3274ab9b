import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
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
  const sleeps = (await leftovers('sleep 98770')).processes;
  expect(sleeps).toEqual([]);
}, 300_000);
