import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

/**
 * Makes the folder of a run, for this process alone; what a killed run left there is removed.
 * @throws FolderInUseError while the process that made it is alive
 */
export async function claimRunFolder(folder: string): Promise<void> {
  const pidFile = join(folder, 'pid');
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (pid > 0 && isAlive(pid)) {
    throw new FolderInUseError(
      `another run has the containers of this checkout (process ${pid}, ${pidFile})`,
    );
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(pidFile, `${process.pid}\n`, { flag: 'wx' });
}

/** Removes the folder, and the one above it if that is empty now. */
export async function releaseRunFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rmdir(dirname(folder)).catch(() => undefined);
}
