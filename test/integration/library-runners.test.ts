import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { runProgram } from './cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TESTS = join(ROOT, 'test', 'runners');

let fleet: Fleet;
beforeAll(async () => {
  const nodes = ['node1', 'node2', 'node3'].map((name) => ({ name }));
  fleet = await startFleet({ hosts: [...nodes, { name: 'dead', kind: 'dead-port' }] });
});
afterAll(() => fleet.stop());

const NODE = process.execPath;
const RUNNERS: Readonly<Record<string, readonly [program: string, args: readonly string[], says: RegExp]>> = {
  'node --test': [NODE, ['--test', '--test-reporter=tap', join(TESTS, 'node-test.mjs')], /^# pass 4$/m],
  vitest: [
    NODE,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--config', join(TESTS, 'vitest.config.mjs')],
    /Tests {2}4 passed \(4\)/,
  ],
};

test.each(Object.entries(RUNNERS))(
  'the library works under %s, which then ends by itself',
  async (_name, [program, args, says]) => {
    const env = { ...fleet.env, LIBRARY_SSH_CONFIG: fleet.configPath, NO_COLOR: '1' };
    const ran = await runProgram(program, args, { env, cwd: ROOT, deadlineMs: 120_000 });
    expect(`${ran.out}${ran.err}`).toMatch(says);
    expect(ran.code).toBe(0);
    expect((await leftovers(`${fleet.dir}/run`)).processes).toEqual([]);
  },
  150_000,
);
