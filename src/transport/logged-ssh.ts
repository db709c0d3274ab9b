import { readFile, rm } from 'node:fs/promises';
import { PassThrough, Readable, type Transform, type Writable } from 'node:stream';
import type { MasterPool } from '../master/pool.js';
import { makeLog } from '../master/ssh-log.js';
import { spawnSsh } from '../ssh/spawn.js';

/** How a local ssh ended, and what it wrote into its log. */
export interface SshEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly log: string;
}

/** A local ssh that runs one command, with a log of its own. */
export interface LoggedSsh {
  readonly logPath: string;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects; the log is gone by then. */
  readonly ended: Promise<SshEnd>;
  kill(): void;
}

export interface LoggedOptions {
  readonly stdin: 'none' | 'pipe';
  /** TERM of a terminal on the host. */
  readonly term?: string | undefined;
  /** What brings its questions to us. */
  readonly env?: Readonly<Record<string, string>>;
  /** What its stderr goes through. */
  readonly filter?: Transform;
}

/** @throws PsshError ERR_SSH_SPAWN, ERR_MASTER */
export async function startLoggedSsh(
  pool: MasterPool,
  argsFor: (logPath: string) => readonly string[],
  { stdin: input, term, env = {}, filter = new PassThrough() }: LoggedOptions,
): Promise<LoggedSsh> {
  const logPath = pool.newLogPath();
  await makeLog(logPath);
  try {
    const stdin = input === 'none' ? 'ignore' : 'pipe';
    const ssh = await spawnSsh(argsFor(logPath), {
      stdin,
      output: 'pipe',
      env,
      ...(term === undefined ? {} : { term }),
    });
    // The remote may stop reading at any moment: EPIPE here says nothing about how the command ends.
    ssh.stdin?.on('error', () => undefined);
    const ended = ssh.exited.then(async ({ code, signal }) => {
      const log = await readFile(logPath, 'latin1').catch(() => '');
      await rm(logPath, { force: true });
      return { code, signal, log };
    });
    return {
      logPath,
      stdin: ssh.stdin,
      stdout: taken(ssh.stdout, new PassThrough()),
      stderr: taken(ssh.stderr, filter),
      ended,
      kill: () => ssh.kill('SIGKILL'),
    };
  } catch (error) {
    await rm(logPath, { force: true });
    throw error;
  }
}

/** The command's stderr. With a terminal there is no other output than its; ssh itself says there that it closes. */
export function outputBeside({ stderr }: LoggedSsh, tty: boolean): Readable {
  if (!tty) return stderr;
  stderr.resume();
  return Readable.from([]);
}

/** Node drops what a process that has ended left in its pipes and nobody reads yet; this reads, a little ahead. */
function taken(source: Readable | null, into: Transform): Readable {
  if (source === null) return into.end();
  source.on('error', () => into.end());
  into.on('close', () => source.destroy());
  return source.pipe(into);
}
