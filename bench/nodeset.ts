// Counts n[1-1000000] and folds a shuffled list of a million names with nodeset and with ours, in one run.
// Needs nodeset (Debian's package clustershell):
//     npm run build && node --import tsx bench/nodeset.ts
// Both run as processes of their own, with their start in the figure.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SIZE = 1_000_000;
const COUNTS = 9;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pssh-ts-bench-'));
const list = join(folder, 'names.txt');

interface Tool {
  readonly name: string;
  readonly count: readonly string[];
  readonly fold: readonly string[];
}

interface Measured {
  readonly seconds: number;
  readonly output: string;
}

function main(): void {
  writeFileSync(list, `${shuffledNames().join('\n')}\n`);
  const theirs: Tool = {
    name: run(['nodeset', '--version']).output,
    count: ['nodeset', '-c', `n[1-${SIZE}]`],
    fold: ['nodeset', '-f'],
  };
  const bin = join(root, 'dist', 'bin.cjs');
  if (!existsSync(bin)) throw new Error('dist/bin.cjs is missing; run npm run build');
  const ours: Tool = {
    name: 'dist/bin.cjs',
    count: [process.execPath, bin, 'hosts', '--count', `n[1-${SIZE}]`],
    fold: [process.execPath, bin, 'hosts', '--fold', '-'],
  };
  console.log(`node ${process.version}; ours: ${ours.name}; theirs: ${theirs.name}`);
  const counts = bestInTurns(ours.count, theirs.count);
  compare(`count n[1-${SIZE}], best of ${COUNTS} each`, counts[0], counts[1], String(SIZE));
  compare(`fold ${SIZE} shuffled names`, run(ours.fold, list), run(theirs.fold, list), `node[1-${SIZE}]`);
}

function compare(title: string, ours: Measured, theirs: Measured, wanted: string): void {
  for (const { output } of [ours, theirs])
    if (output !== wanted) throw new Error(`${title}: ${output.slice(0, 80)} is not ${wanted}`);
  const ratio = (theirs.seconds / ours.seconds).toFixed(1);
  console.log(
    `${title}: ours ${ours.seconds.toFixed(2)} s, nodeset ${theirs.seconds.toFixed(2)} s: ${ratio} times as fast`,
  );
}

/** Turn by turn, so that what else the machine does falls on both. */
function bestInTurns(one: readonly string[], other: readonly string[]): [Measured, Measured] {
  let best: [Measured, Measured] = [run(one), run(other)];
  for (let nth = 1; nth < COUNTS; nth += 1) best = [faster(best[0], run(one)), faster(best[1], run(other))];
  return best;
}

function faster(a: Measured, b: Measured): Measured {
  return b.seconds < a.seconds ? b : a;
}

function run([program, ...args]: readonly string[], input?: string): Measured {
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program as string, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: [stdin, 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = (performance.now() - start) / 1000;
  if (error !== undefined || status !== 0) throw new Error(`${program} failed: ${stderr}`, { cause: error });
  return { seconds, output: stdout.trim() };
}

/** The same order in each run. */
function shuffledNames(): string[] {
  const names = Array.from({ length: SIZE }, (_, index) => `node${index + 1}`);
  let seed = 1;
  for (let last = names.length - 1; last > 0; last -= 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    const other = seed % (last + 1);
    [names[last], names[other]] = [names[other] as string, names[last] as string];
  }
  return names;
}

try {
  main();
} finally {
  rmSync(folder, { recursive: true });
}
