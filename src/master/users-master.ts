import { lstat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { LoginConfig } from '../ssh/resolve-alike.js';
import { ALIVE_DEADLINE_MS, aliveCheck } from './control.js';

// A stopped master takes a connection and says nothing.

/** A live master that the user started, not pssh-ts: used with `ssh -S`, never renamed, closed or retired. */
export interface UsersMaster {
  readonly controlPath: string;
  readonly pid: number;
}

/**
 * The master that listens on the ControlPath which ssh_config names for a host (`ssh -G` has its tokens expanded).
 * Asks the socket itself, so that a look at a hundred hosts starts no process.
 * @returns null: none is named, nobody answers there, or the socket is somebody else's
 */
export async function liveUsersMaster(resolved: LoginConfig): Promise<UsersMaster | null> {
  const controlPath = resolved.values.get('controlpath')?.[0];
  if (controlPath === undefined || controlPath === 'none') return null;
  const stats = await lstat(controlPath).catch(() => null);
  const { uid } = userInfo();
  // In a folder that others can write, a socket may be theirs.
  if (stats === null || !stats.isSocket() || (uid >= 0 && stats.uid !== uid)) return null;
  return aliveCheck(controlPath, ALIVE_DEADLINE_MS).then(
    (pid) => ({ controlPath, pid }),
    () => null,
  );
}
