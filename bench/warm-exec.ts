// `exec true` on warm hosts: ours against pssh, pdsh and clush over their own warm ControlMasters, in one run.
// Needs Debian's packages pssh, pdsh, clustershell and time; sshd as the tests do.
//     npm run build && node --import tsx bench/warm-exec.ts [hosts] [rounds]
// Each tool is run in turn, round by round, so that a busy moment meets all of them. CPU is user and system time of
// the tool and all that it started; the servers' is not in it.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFleet } from '../test/fleet/fleet.js';

const HOSTS = Number(process.argv[2] ?? 100);
const ROUNDS = Number(process.argv[3] ?? 7);
const FANOUT = '32';
const SERVERS = 4;

interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

const bin = fileURLToPath(new URL('../dist/bin.cjs', import.meta.url));
if (!existsSync(bin)) throw new Error('dist/bin.cjs is missing; run npm run build');

const names = Array.from({ length: HOSTS }, (_, index) => `h${index + 1}`);
const fleet = await startFleet({
  hosts: names.map((name, place) =>
    place < SERVERS ? { name } : { name, sameServerAs: `h${(place % SERVERS) + 1}` },
  ),
});
const peerConfig = join(fleet.dir, 'peer_config');
writeFileSync(
  peerConfig,
  `Host *\n  ControlMaster auto\n  ControlPath ${join(fleet.dir, 'run')}/p-%n\n  ControlPersist 600\nInclude ${fleet.configPath}\n`,
);
const hostsFile = join(fleet.dir, 'hosts.txt');
writeFileSync(hostsFile, `${names.join('\n')}\n`);

const list = `h[1-${HOSTS}]`;
const ssh = `-F ${peerConfig}`;
const tools: Record<string, readonly string[]> = {
  ours: [process.execPath, bin, '-F', fleet.configPath, '-f', FANOUT, '-t', '60', '-H', list, 'exec', 'true'],
  pssh: ['parallel-ssh', '-h', hostsFile, '-p', FANOUT, '-t', '0', '-x', ssh, 'true'],
  pdsh: ['pdsh', '-R', 'ssh', '-f', FANOUT, '-w', list, 'true'],
  clush: ['clush', '-f', FANOUT, '-o', ssh, '-w', list, 'true'],
};

function run(command: readonly string[]): Sample {
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
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

try {
  const samples = new Map<string, Sample[]>(Object.keys(tools).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, command] of Object.entries(tools)) {
      const sample = run(command);
      // The first round makes the masters.
      if (round > 0) samples.get(name)?.push(sample);
    }
  }
  console.log(
    `${HOSTS} warm hosts on ${SERVERS} sshd, fanout ${FANOUT}, exec true, ${ROUNDS} rounds; medians`,
  );
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
} finally {
  run([process.execPath, bin, 'masters', 'close']);
  await fleet.stop();
}
