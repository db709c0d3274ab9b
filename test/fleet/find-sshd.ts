import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where servers live when they are not on a normal user's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/opt/homebrew/sbin'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The absolute path of a program, looked for in PATH and then in `more`; null where there is none. */
export function findProgram(name: string, more: readonly string[] = []): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(isAbsolute), ...more];
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

/** The absolute path of sshd: it re-executes itself for each connection and refuses a relative one. */
export function findSshd(): string | null {
  return findProgram('sshd', SYSTEM_FOLDERS);
}
