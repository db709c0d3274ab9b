import { type SshProcess, spawnSsh } from '../ssh/spawn.js';
import { plainLines, type TransferHost, transferError } from './remote.js';
import { withoutTemporaries } from './temporary.js';

export interface ProgramEnd {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MOST_TEXT = 64 * 1024;

/**
 * A place on the host, as scp and rsync read it. With a slash before its colon it would be a file of ours: such a host
 * goes by another name, as the way there is the master's and not looked up.
 */
export function onHost({ master: { target } }: TransferHost, place: string): string {
  const { host } = target;
  if (host.includes('/')) return `host:${place}`;
  return `${host.includes(':') ? `[${host}]` : host}:${place}`;
}

export interface Fault {
  readonly program: string;
  /** What it was about. */
  readonly place: string;
  /** Lines that tell only that something else went wrong. */
  readonly idle: RegExp;
}

/** Why a program failed, by the last thing it said that says something. */
export function programFault(
  { target }: TransferHost,
  { program, place, idle }: Fault,
  { stderr, code, signal }: ProgramEnd,
): Error {
  const lines = plainLines(stderr);
  const said = lines.findLast((line) => !idle.test(line)) ?? lines.at(-1);
  const ended = signal === null ? `ended with status ${code}` : `was killed by ${signal}`;
  // sftp has no words of its own for it.
  const hint = /: write remote ".*": Failure$/.test(said ?? '') ? ' (is the disk full?)' : '';
  const message = `${place}: ${said?.slice(0, 400) ?? `${program} ${ended}`}${hint}`;
  return transferError(target, withoutTemporaries(message));
}

/** Runs scp or rsync to its end, or until the transfer is given up. @throws PsshError ERR_SSH_SPAWN */
export async function runProgram(
  { programs: signal }: TransferHost,
  program: 'scp' | 'rsync',
  args: readonly string[],
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  const started = await spawnSsh(args, { stdin: 'ignore', output: 'pipe', program });
  const stop = (): void => started.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [stdout, stderr, end] = await Promise.all([
      textOf(started.stdout),
      textOf(started.stderr),
      started.exited,
    ]);
    signal.throwIfAborted();
    return { ...end, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function textOf(stream: SshProcess['stdout']): Promise<string> {
  let text = Buffer.alloc(0);
  try {
    for await (const piece of (stream ?? []) as AsyncIterable<Buffer>)
      text = Buffer.concat([text, piece]).subarray(-MOST_TEXT);
  } catch {
    // What was said until then is all that we learn.
  }
  return text.toString();
}
