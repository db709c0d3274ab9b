// 1 GB of output from one host: ours over mux against `ssh -S` over its own warm master, in one run, and once more to
// a reader that takes 1 MB/s for a while. Needs Debian's package time; sshd as the tests do.
//     npm run build && node --import tsx bench/big-output.ts [rounds] [bytes]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startFleet } from '../test/fleet/fleet.js';

const ROUNDS = Number(process.argv[2] ?? 3);
const BYTES = Number(process.argv[3] ?? 1e9);
const SLOW_SECONDS = 8;
const SLOW_RATE = 1e6;
const MIB = 2 ** 20;

interface Sample {
  readonly seconds: number;
  /** Peak resident memory in MiB. */
  readonly peak: number;
}

const bin = fileURLToPath(new URL('../dist/bin.cjs', import.meta.url));
if (!existsSync(bin)) throw new Error('dist/bin.cjs is missing; run npm run build');
const fleet = await startFleet({ hosts: [{ name: 'big' }] });
const peerSocket = join(fleet.dir, 'run', 'peer');
const report = join(fleet.dir, 'time.txt');
const text = `head -c ${BYTES} /dev/zero`;
const ours = [process.execPath, bin, '-F', fleet.configPath, '--transport', 'mux', '-H', 'big'];
const peer = ['ssh', '-F', fleet.configPath, '-S', peerSocket];

/** Runs it with its output to `read`, and sees that all has come. */
async function run(
  command: readonly string[],
  read: (stdout: AsyncIterable<Buffer>) => Promise<number>,
): Promise<Sample> {
  const args = ['-o', report, '-f', '%e %M', ...command];
  const child = spawn('/usr/bin/time', args, { env: fleet.env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const got = await read(child.stdout as AsyncIterable<Buffer>);
  const code = await ended;
  if (code !== 0 || got !== BYTES) throw new Error(`${command[0]} ended with ${code} after ${got} bytes`);
  return sample();
}

function sample(): Sample {
  const [seconds = 0, kib = 0] =
    readFileSync(report, 'utf8').trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return { seconds, peak: kib / 1024 };
}

/** To /dev/null, where no reader of ours takes a part of the machine. */
function runToNull(command: readonly string[]): Sample {
  const args = ['-o', report, '-f', '%e %M', ...command];
  const { status } = spawnSync('/usr/bin/time', args, {
    env: fleet.env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${command[0]} ended with ${status}`);
  return sample();
}

async function slowThenFast(stdout: AsyncIterable<Buffer>): Promise<number> {
  const started = performance.now();
  let got = 0;
  for await (const chunk of stdout) {
    got += chunk.length;
    const ahead = (got / SLOW_RATE) * 1000 - (performance.now() - started);
    if (performance.now() - started < SLOW_SECONDS * 1000 && ahead > 0) await pause(ahead);
  }
  return got;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

try {
  spawnSync(peer[0] ?? '', [...peer.slice(1), '-M', '-N', '-f', 'big'], { env: fleet.env, stdio: 'ignore' });
  runToNull([...ours, 'exec', 'true']);
  const samples = { ours: [] as Sample[], peer: [] as Sample[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    samples.ours.push(runToNull([...ours, 'exec', '-N', text]));
    samples.peer.push(runToNull([...peer, 'big', text]));
  }
  console.log(`${BYTES / 1e6} MB from one host to /dev/null, ${ROUNDS} rounds; medians`);
  const rates = { ours: 0, peer: 0 };
  for (const [name, list] of Object.entries(samples) as [keyof typeof samples, Sample[]][]) {
    rates[name] = BYTES / MIB / median(list.map(({ seconds }) => seconds));
    const peak = Math.max(...list.map((one) => one.peak));
    console.log(
      `${name === 'ours' ? 'ours' : 'ssh -S'}  ${rates[name].toFixed(0)} MiB/s  peak ${peak.toFixed(0)} MiB`,
    );
  }
  console.log(`ours against ssh -S: ${(rates.ours / rates.peer).toFixed(2)}`);
  const slow = await run([...ours, 'exec', '-N', text], slowThenFast);
  console.log(
    `a reader of ${SLOW_RATE / 1e6} MB/s for ${SLOW_SECONDS} s: ${slow.seconds.toFixed(1)} s in all, peak ${slow.peak.toFixed(0)} MiB`,
  );
} finally {
  spawnSync(peer[0] ?? '', [...peer.slice(1), '-O', 'exit', 'big'], { env: fleet.env, stdio: 'ignore' });
  spawnSync(process.execPath, [bin, 'masters', 'close'], { env: fleet.env, stdio: 'ignore' });
  await fleet.stop();
}
