import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';

// Folders may be shared between machines, which do not see each other's processes.
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const NAME = /^\.pssh-ts\.([0-9a-f]{8})\.(\d+)\.[0-9a-f]+$/;

/** A text that names what lies in temporaries, here or on a host, with the places where that was to go. */
export const withoutTemporaries = (text: string): string =>
  text.replaceAll(/\/\.pssh-ts\.[^/\s"']+(\/files\b)?/g, '');

/** A private folder beside what is to be received, on the same file system. */
export async function makeTemporary(folder: string): Promise<string> {
  const name = `.pssh-ts.${MACHINE}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const made = path.join(folder, name);
  await mkdir(made, { mode: 0o700 });
  return made;
}

/** Removes what a pssh-ts of this machine left when it was killed. */
export async function sweepTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, machine, pid] = NAME.exec(name) ?? [];
    if (machine === MACHINE && !isAlive(Number(pid))) await removeTemporary(path.join(folder, name));
  }
}

export async function removeTemporary(folder: string): Promise<void> {
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 2 });
  await remove().catch(async () => {
    // A folder that may not be written to may not be emptied either.
    await unlock(folder);
    await remove();
  });
}

async function unlock(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const name of await readdir(folder)) {
    const below = path.join(folder, name);
    if ((await lstat(below)).isDirectory()) await unlock(below);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
