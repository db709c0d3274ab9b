// What the exec benches share: a fleet of many names on a few sshd, and pssh, pdsh and clush beside ours.
// Needs Debian's packages pssh, pdsh, clustershell and time; sshd as the tests do.
// Each tool is run in turn, round by round, so that a busy moment meets all of them. CPU is user and system time of
// the tool and all that it waited for; the servers' is not in it.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Fleet, startFleet } from '../test/fleet/fleet.js';

const FANOUT = '32';
const SERVERS = 4;

export interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

export interface Peers {
  readonly fleet: Fleet;
  /** `exec true` on all hosts, by tool. */
  readonly tools: Readonly<Record<string, readonly string[]>>;
  run(command: readonly string[]): Sample;
}

export const BIN = fileURLToPath(new URL('../dist/bin.cjs', import.meta.url));

/** @param peerLines of the peers' ssh_config, before that of the fleet */
export async function startPeers(
  hosts: number,
  ours: readonly string[],
  peerLines: (fleet: Fleet) => string,
): Promise<Peers> {
  if (!existsSync(BIN)) throw new Error('dist/bin.cjs is missing; run npm run build');
  const names = Array.from({ length: hosts }, (_, index) => `h${index + 1}`);
  const fleet = await startFleet({
    hosts: names.map((name, place) =>
      place < SERVERS ? { name } : { name, sameServerAs: `h${(place % SERVERS) + 1}` },
    ),
  });
  const peerConfig = join(fleet.dir, 'peer_config');
  writeFileSync(peerConfig, `${peerLines(fleet)}Include ${fleet.configPath}\n`);
  const hostsFile = join(fleet.dir, 'hosts.txt');
  writeFileSync(hostsFile, `${names.join('\n')}\n`);
  const list = `h[1-${hosts}]`;
  const ssh = `-F ${peerConfig}`;
  const shared = [process.execPath, BIN, '-F', fleet.configPath, '-f', FANOUT, '-t', '60'];
  const tools = {
    ours: [...shared, ...ours, '-H', list, 'exec', 'true'],
    pssh: ['parallel-ssh', '-h', hostsFile, '-p', FANOUT, '-t', '0', '-x', ssh, 'true'],
    pdsh: ['pdsh', '-R', 'ssh', '-f', FANOUT, '-w', list, 'true'],
    clush: ['clush', '-f', FANOUT, '-o', ssh, '-w', list, 'true'],
  };
  const run = (command: readonly string[]): Sample => {
    const report = join(fleet.dir, 'time.txt');
    const env = { ...fleet.env, PDSH_SSH_ARGS_APPEND: ssh };
    const { status, stderr } = spawnSync('/usr/bin/time', ['-o', report, '-f', '%e %U %S', ...command], {
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`${command[0]} failed: ${stderr.slice(-400)}`);
    const { stdout } = spawnSync('tail', ['-n', '1', report], { encoding: 'utf8' });
    const [wall = 0, user = 0, system = 0] = stdout.trim().split(' ').map(Number);
    return { wall, cpu: user + system };
  };
  return { fleet, tools, run };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Runs all in turn and prints medians, and ours against the best of the others. */
export function compare({ tools, run }: Peers, rounds: number, what: string): void {
  const samples = new Map<string, Sample[]>(Object.keys(tools).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, command] of Object.entries(tools)) {
      const sample = run(command);
      // The first round makes the masters, and warms the caches.
      if (round > 0) samples.get(name)?.push(sample);
    }
  }
  console.log(`${what}, ${SERVERS} sshd, fanout ${FANOUT}, exec true, ${rounds} rounds; medians`);
  const medians = new Map(
    [...samples].map(([name, list]) => [
      name,
      { wall: median(list.map((one) => one.wall)), cpu: median(list.map((one) => one.cpu)) },
    ]),
  );
  for (const [name, { wall, cpu }] of medians)
    console.log(`${name.padEnd(6)} wall ${wall.toFixed(2)} s  cpu ${cpu.toFixed(2)} s`);
  const peers = [...medians].filter(([name]) => name !== 'ours').map(([, value]) => value);
  const ours = medians.get('ours') ?? { wall: 0, cpu: 0 };
  const best = {
    wall: Math.min(...peers.map(({ wall }) => wall)),
    cpu: Math.min(...peers.map(({ cpu }) => cpu)),
  };
  console.log(
    `ours against the best of them: wall ${(ours.wall / best.wall).toFixed(2)}, cpu ${(ours.cpu / best.cpu).toFixed(2)}`,
  );
}
