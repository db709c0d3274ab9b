import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_KEX } from '../test/fleet/config-text.js';
import { type Fleet, startFleet } from '../test/fleet/fleet.js';

export const BIN = fileURLToPath(new URL('../dist/bin.cjs', import.meta.url));

export interface BenchFleet {
  readonly fleet: Fleet;
  /** As an expression of hosts. */
  readonly list: string;
  /** For tools that call ssh: the fleet's ssh_config with warm masters of their own. */
  readonly ssh: string;
}

/** Many names on a few sshd. */
export async function benchFleet(hosts: number, servers: number): Promise<BenchFleet> {
  if (!existsSync(BIN)) throw new Error('dist/bin.cjs is missing; run npm run build');
  const names = Array.from({ length: hosts }, (_, index) => `h${index + 1}`);
  const fleet = await startFleet({
    hosts: names.map((name, place) =>
      place < servers ? { name, sshd: [DEFAULT_KEX] } : { name, sameServerAs: `h${(place % servers) + 1}` },
    ),
  });
  const config = join(fleet.dir, 'peer_config');
  const control = join(fleet.dir, 'run', 'p-%n');
  writeFileSync(
    config,
    `Host *\n  ControlMaster auto\n  ControlPath ${control}\n  ControlPersist 600\nInclude ${fleet.configPath}\n`,
  );
  return { fleet, list: `h[1-${hosts}]`, ssh: `-F ${config}` };
}

export interface Sample {
  readonly wall: number;
  readonly cpu: number;
  readonly peakMb: number;
}

/** Runs a shell command to its end, its stdout to where the command says. CPU and memory are the tool's alone. */
export function measure({ fleet, ssh }: BenchFleet, command: string): Sample {
  const report = join(fleet.dir, 'time.txt');
  const env = { ...fleet.env, PDSH_SSH_ARGS_APPEND: ssh };
  const timed = command.replace(/\bTIME /, `/usr/bin/time -o ${report} -f '%e %U %S %M' `);
  const started = performance.now();
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', timed], { env, encoding: 'utf8' });
  const wall = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${command} failed: ${stderr.slice(-400)}`);
  const { stdout } = spawnSync('tail', ['-n', '1', report], { encoding: 'utf8' });
  const [, user = 0, system = 0, kib = 0] = stdout.trim().split(' ').map(Number);
  return { wall, cpu: user + system, peakMb: kib / 1024 };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Each tool in turn, round by round, so that a busy moment meets all of them. @returns medians */
export function compare(
  bench: BenchFleet,
  tools: Readonly<Record<string, string>>,
  rounds: number,
): Map<string, Pick<Sample, 'wall' | 'cpu'>> {
  const samples = new Map<string, Sample[]>(Object.keys(tools).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, command] of Object.entries(tools)) samples.get(name)?.push(measure(bench, command));
  return new Map(
    [...samples].map(([name, list]) => {
      const wall = median(list.map((one) => one.wall));
      const cpu = median(list.map((one) => one.cpu));
      const peak = Math.max(...list.map((one) => one.peakMb));
      console.log(
        `${name.padEnd(14)} wall ${wall.toFixed(2)} s  cpu ${cpu.toFixed(2)} s  peak ${peak.toFixed(0)} MB`,
      );
      return [name, { wall, cpu }] as const;
    }),
  );
}
