import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { PsshError } from '../core/errors.js';

const PIPES_MS = 1_000;
// Three pairs of sockets, what Node itself needs, and some for its other threads.
const FILES_OF_A_SPAWN = 12;
const LOOK_EVERY_MS = 50;
const LOOKS_FOR_FILES = 100;

export interface SshProcess {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Exit code, or the signal that ended the local ssh. Never rejects. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Signals ssh and whatever it started (a ProxyCommand, the ssh of a jump). */
  kill(signal: NodeJS.Signals): void;
}

export interface SpawnOptions {
  readonly stdin: 'ignore' | 'pipe';
  /** `ignore` gives the child no pipe of ours: a master would hold it open for ever. */
  readonly output: 'ignore' | 'pipe';
  /** TERM of a terminal on the host. @default our own */
  readonly term?: string;
  /** What brings its questions to us (SSH_ASKPASS). @default it asks nothing */
  readonly env?: Readonly<Record<string, string>>;
  /** What is started; scp and rsync start an ssh of their own. @default 'ssh' */
  readonly program?: keyof typeof PACKAGES;
}

/**
 * Starts `ssh` from PATH in a session of its own: the terminal's ^C reaches only us, and no ssh of ours, nor
 * the one it starts for a jump host, finds a terminal to prompt on.
 * @throws PsshError ERR_SSH_SPAWN
 */
export async function spawnSsh(args: readonly string[], options: SpawnOptions): Promise<SshProcess> {
  const { execa } = await import('execa');
  // Node emits an error on a child that execa never gets hold of, which would end us; so the last look stands right
  // before the start. Other hosts' work may end soon and give files back.
  for (let looks = 1; ; looks += 1) {
    const lack = lackOfFiles();
    if (lack === null) break;
    if (looks === LOOKS_FOR_FILES) throw spawnError(lack);
    await pause(LOOK_EVERY_MS);
  }
  const program = options.program ?? 'ssh';
  const child = execa(program, args, {
    stdin: options.stdin,
    stdout: options.output,
    stderr: options.output,
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
    stripFinalNewline: false,
    encoding: 'buffer',
    env: {
      SSH_ASKPASS_REQUIRE: 'never',
      ...options.env,
      ...(options.term === undefined ? {} : { TERM: options.term }),
    },
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  // The promise of execa waits for the pipes as well; its result is not used, but must not go unhandled.
  const settled = child.then((result) => result);
  const { pid } = child;
  if (pid === undefined) {
    const result = await settled;
    throw spawnError(result.cause ?? result, program);
  }
  return {
    pid,
    stdin: child.stdin ?? null,
    stdout: child.stdout ?? null,
    stderr: child.stderr ?? null,
    exited,
    kill: (signal) => killGroup(pid, signal),
  };
}

/** Why a process can't be started now: no more files may be opened. Null: there is room. */
function lackOfFiles(): unknown {
  const files: number[] = [];
  try {
    for (let count = 0; count < FILES_OF_A_SPAWN; count += 1) files.push(openSync(devNull, 'r'));
    return null;
  } catch (cause) {
    return cause;
  } finally {
    for (const file of files) closeSync(file);
  }
}

/**
 * Starts `ssh` where our terminal is its own, so that it can ask there; ^C reaches both of us. For `-f` alone: its
 * end is waited for, not that of the master that it leaves behind.
 * @throws PsshError ERR_SSH_SPAWN
 */
export async function runSshOnTerminal(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  const { execa } = await import('execa');
  const child = execa('ssh', args, {
    stdin: 'inherit',
    stdout: 'ignore',
    stderr: 'inherit',
    buffer: false,
    reject: false,
    cleanup: false,
    env: { SSH_ASKPASS_REQUIRE: 'never' },
  });
  // By TERM, which it survives no prompt on: it sets the terminal right before it goes.
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, name) => resolve({ code, signal: name }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  try {
    const settled = child.then((result) => result);
    if (child.pid !== undefined) return await ended;
    const result = await settled;
    throw spawnError(result.cause ?? result);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: it is gone already, which is what was wanted.
  }
}

const PACKAGES = {
  ssh: 'no ssh client on PATH; install OpenSSH (Debian: apt install openssh-client)',
  scp: 'no scp on PATH; install OpenSSH (Debian: apt install openssh-client), or use --via tar',
  rsync: 'no rsync on PATH; install it (Debian: apt install rsync)',
  'ssh-keygen': 'no ssh-keygen on PATH; install OpenSSH (Debian: apt install openssh-client)',
  'ssh-keyscan': 'no ssh-keyscan on PATH; install OpenSSH (Debian: apt install openssh-client)',
} as const;

function spawnError(cause: unknown, program: keyof typeof PACKAGES = 'ssh'): PsshError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') {
    return new PsshError('ERR_SSH_SPAWN', PACKAGES[program], { cause });
  }
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new PsshError('ERR_SSH_SPAWN', `${program} could not be started: ${reason}`, { cause });
}

/**
 * Runs ssh, or a program that comes with it, to its end and gives what it printed; for `ssh -G` and its like, never
 * for a connection that stays. What it
 * started (a `Match exec`) goes with it when the time is over or the signal comes.
 * @returns code null: it was ended
 */
export async function runSsh(
  args: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
  program: 'ssh' | 'ssh-keygen' | 'ssh-keyscan' = 'ssh',
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  signal?.throwIfAborted();
  const ssh = await spawnSsh(args, { stdin: 'ignore', output: 'pipe', program });
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ['stdout', 'stderr'] as const) {
    ssh[name]?.on('data', (chunk: Buffer) => output[name].push(chunk));
    ssh[name]?.on('error', () => undefined);
  }
  const stop = (): void => ssh.kill('SIGKILL');
  const timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const closed = [ssh.stdout, ssh.stderr].map(
      (stream) => new Promise((resolve) => stream?.once('close', resolve)),
    );
    const { code } = await ssh.exited;
    // Whoever else holds the pipes is not waited for longer than its group lives.
    await Promise.race([
      Promise.all(closed),
      new Promise((resolve) => setTimeout(resolve, PIPES_MS).unref()),
    ]);
    return { code, stdout: `${Buffer.concat(output.stdout)}`, stderr: `${Buffer.concat(output.stderr)}` };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
