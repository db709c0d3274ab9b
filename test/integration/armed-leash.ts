import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../fleet/until.js';

/** The remote end of a leash, run here, and told to go on. */
export interface ArmedLeash {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has said so far. */
  readonly said: { out: string; err: string };
  /** Its exit code and signal. */
  readonly closed: Promise<readonly unknown[]>;
}

export interface LeashStart {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** What it is told before it asks. @default nothing */
  readonly first?: string;
  readonly deadlineMs: number;
}

/** Waits until it is armed, or has left. */
export async function armLeash(shell: string, command: string, start: LeashStart): Promise<ArmedLeash> {
  const { env, cwd, first, deadlineMs } = start;
  const child = spawn(shell, ['-c', command], { env, cwd });
  const closed = once(child, 'close');
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk;
  });
  child.stdin.on('error', () => undefined);
  const heard = (word: string) =>
    until(() => child.exitCode !== null || said.out.includes(word), { deadlineMs, what: `leash ${word}` });
  if (first !== undefined) child.stdin.write(`${first}\n`);
  await heard('leash waits\n');
  child.stdin.write('go\n');
  await heard(`leash ${child.pid}\n`);
  return { child, said, closed };
}
