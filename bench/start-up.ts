//     npm run build && node --import tsx bench/start-up.ts [rounds]
// How long pssh-ts takes to start: against `node -e 0`, in turn, round by round; medians of the same run. Where this shell
// sets NODE_EXTRA_CA_CERTS, which every Node reads as it starts, once without and once with it.
import { spawnSync } from 'node:child_process';
import { BIN, benchFleet } from './peers.js';

// Of `node -e 0`; the last one runs a command on a warm host.
const LIMITS = { version: 1.3, hosts: 1.6, exec: 2 } as const;

const rounds = Number(process.argv[2] ?? 41);
const bench = await benchFleet(1, 1);
const { configPath } = bench.fleet;
const { NODE_EXTRA_CA_CERTS } = process.env;
const environments = [{}, ...(NODE_EXTRA_CA_CERTS === undefined ? [] : [{ NODE_EXTRA_CA_CERTS }])];
const cases = {
  node: ['-e', '0'],
  version: [BIN, '--version'],
  hosts: [BIN, '-H', 'a', 'hosts'],
  exec: [BIN, '-F', configPath, '-H', 'h1', 'exec', 'true'],
} as const satisfies Record<string, readonly string[]>;
type Name = keyof typeof cases;
const names = Object.keys(cases) as Name[];

function once(name: Name, env: NodeJS.ProcessEnv): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, cases[name], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
  return performance.now() - started;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

try {
  for (const more of environments) {
    const env = { ...bench.fleet.env, ...more };
    // The host's connection is made, compiled code is kept, files are in memory.
    for (const name of [...names, ...names]) once(name, env);
    const taken = new Map(names.map((name) => [name, [] as number[]]));
    // A moment in which the machine is busy meets all of them.
    for (let round = 0; round < rounds; round += 1)
      for (const name of names) taken.get(name)?.push(once(name, env));
    const medians = names.map((name) => [name, median(taken.get(name) ?? [])] as const);
    const [, bare = Number.NaN] = medians[0] ?? [];
    console.log([`${rounds} rounds, medians; Node ${process.version}`, ...Object.keys(more)].join(', '));
    for (const [name, ms] of medians) {
      const limit =
        name === 'node' ? '' : `  ${(ms / bare).toFixed(2)} of node -e 0, at most ${LIMITS[name]}`;
      console.log(`${name.padEnd(8)} ${ms.toFixed(1).padStart(6)} ms${limit}`);
      if (name !== 'node' && ms / bare > LIMITS[name]) process.exitCode = 1;
    }
  }
} finally {
  spawnSync(process.execPath, [BIN, '-F', configPath, 'masters', 'close'], {
    env: bench.fleet.env,
  });
  await bench.fleet.stop();
}
