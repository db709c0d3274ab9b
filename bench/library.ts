// The library against node-ssh and ssh2, on one host that each of them is connected to, in one run: commands one after
// another, 50 at once, 200 MB of output. Needs sshd as the tests do. The peers get TCP_NODELAY, which they do not set by
// themselves; without it a command takes them 90 ms.
//     npm run build && node --import tsx bench/library.ts [rounds]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_KEX } from '../test/fleet/config-text.js';
import { startFleet } from '../test/fleet/fleet.js';
import { loginAccount } from '../test/fleet/login-account.js';

const ROUNDS = Number(process.argv[2] ?? 5);
const TOOLS = ['ours', 'ssh2', 'node-ssh'] as const;
const TASKS = {
  serial: '200 commands one after another, each',
  parallel: '50 commands at once, each',
  stream: '200 MB of output as a stream',
  keep: '200 MB of output in the result',
} as const;

interface Sample {
  /** Milliseconds. */
  readonly wall: number;
  readonly cpu: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
if (!existsSync(join(root, 'dist', 'index.js'))) throw new Error('dist is missing; run npm run build');
// With sshd's own 10 the peers fail at 50 at once: they do not wait for a session.
const fleet = await startFleet({ hosts: [{ name: 'node1', sshd: [DEFAULT_KEX, 'MaxSessions 100'] }] });
const { address, port } = fleet.host('node1');
const key = join(fleet.dir, 'id_ed25519');
const where = { host: 'node1', config: fleet.configPath, address, port, user: loginAccount(true), key };

function measure(tool: string, task: string): Sample {
  const args = [join(root, 'bench', 'library-tool.mjs'), tool, task, JSON.stringify(where)];
  const ran = spawnSync(process.execPath, args, { env: fleet.env, encoding: 'utf8', timeout: 300_000 });
  if (ran.status !== 0) throw new Error(`${tool} at ${task}: ${ran.stderr.slice(-800)}`);
  const { wall, cpu, runs } = JSON.parse(ran.stdout) as Sample & { runs: number };
  return { wall: wall / runs, cpu: cpu / runs };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

const native = existsSync(join(root, 'node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node'));
try {
  console.log(`${ROUNDS} rounds, medians; CPU of the program alone, without ssh's and the server's`);
  console.log(`ssh2 ${native ? 'with' : 'without'} its native crypto`);
  for (const [task, title] of Object.entries(TASKS)) {
    const samples = new Map<string, Sample[]>(TOOLS.map((tool) => [tool, []]));
    // Each in turn, so that a busy moment meets all of them.
    for (let round = 0; round < ROUNDS; round += 1)
      for (const tool of TOOLS) samples.get(tool)?.push(measure(tool, task));
    console.log(title);
    const [ours, ...peers] = TOOLS.map((tool) => {
      const list = samples.get(tool) ?? [];
      const wall = median(list.map((one) => one.wall));
      const cpu = median(list.map((one) => one.cpu));
      console.log(`  ${tool.padEnd(9)} wall ${wall.toFixed(1)} ms  cpu ${cpu.toFixed(1)} ms`);
      return { wall, cpu };
    });
    const against = (what: keyof Sample): string =>
      ((ours?.[what] ?? Number.NaN) / Math.min(...peers.map((peer) => peer[what]))).toFixed(2);
    console.log(`  ours against the better of them: wall ${against('wall')}, cpu ${against('cpu')}`);
  }
} finally {
  await fleet.stop();
}
