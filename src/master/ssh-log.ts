import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PsshError } from '../core/errors.js';

const ENOUGH_OF_A_LOG = 64 * 1024;

/** Made by us first: ssh would make it with whatever the umask allows. @throws PsshError ERR_MASTER */
export async function makeLog(file: string): Promise<void> {
  try {
    await writeFile(file, '', { mode: 0o600 });
  } catch (cause) {
    throw folderFault(path.dirname(file), cause);
  }
}

/** The runtime folder can't be worked in: it was removed, its disk is full. */
export function folderFault(folder: string, cause: unknown): PsshError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const what =
    code === 'ENOENT'
      ? 'was removed'
      : `can't be written to: ${code === 'ENOSPC' ? 'no space left' : message}`;
  return new PsshError('ERR_MASTER', `the runtime folder ${folder} ${what}`, { cause });
}

/**
 * The end of a log, where ssh says what became of it: before it stands the server's banner, however long.
 * Null: there is none any more.
 */
export async function readLog(file: string): Promise<string | null> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, ENOUGH_OF_A_LOG));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('latin1', 0, bytesRead);
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
