import { readFile, rm, writeFile } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
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

/** @throws PsshError ERR_SSH_SPAWN */
export async function startLoggedSsh(
  pool: MasterPool,
  input: 'none' | 'pipe',
  argsFor: (logPath: string) => readonly string[],
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
      stdout: ssh.stdout ?? Readable.from([]),
      stderr: ssh.stderr ?? Readable.from([]),
      ended,
      kill: () => ssh.kill('SIGKILL'),
    };
  } catch (error) {
    await rm(logPath, { force: true });
    throw error;
  }
}
