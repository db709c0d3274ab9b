import { readFile, rm, writeFile } from 'node:fs/promises';
import { PassThrough, type Readable, type Transform, type Writable } from 'node:stream';
import type { MasterPool } from '../master/pool.js';
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

/**
 * @param filter what its stderr goes through
 * @throws PsshError ERR_SSH_SPAWN
 */
export async function startLoggedSsh(
  pool: MasterPool,
  input: 'none' | 'pipe',
  argsFor: (logPath: string) => readonly string[],
  filter: Transform = new PassThrough(),
): Promise<LoggedSsh> {
  const logPath = pool.newLogPath();
  // Made by us first: ssh would make it with whatever the umask allows.
  await writeFile(logPath, '', { mode: 0o600 });
  try {
    const stdin = input === 'none' ? 'ignore' : 'pipe';
    const ssh = await spawnSsh(argsFor(logPath), { stdin, output: 'pipe' });
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

/** Node drops what a process that has ended left in its pipes and nobody reads yet; this reads, a little ahead. */
function taken(source: Readable | null, into: Transform): Readable {
  if (source === null) return into.end();
  source.on('error', () => into.end());
  into.on('close', () => source.destroy());
  return source.pipe(into);
}
