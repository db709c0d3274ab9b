import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { PsshError } from '../core/errors.js';
import { statsOf } from '../ssh/named-file.js';
import { LONGEST_NAME } from './names.js';

// ssh binds the control path plus a suffix of 17 bytes; a socket address holds 104 bytes on macOS, 108 on Linux.
const LONGEST_SOCKET = process.platform === 'linux' ? 107 : 103;
const SSH_SUFFIX = 17;

export interface RuntimeDir {
  readonly path: string;
  /** Why better candidates were passed over; for people. */
  readonly notes: readonly string[];
}

/**
 * The folder of our control sockets: private to this user, so that nobody else can reach a master or put one
 * in its place. At once, as all that a warm run does in there (MasterStore.take).
 * @throws PsshError ERR_MASTER when no candidate will do
 */
export function openRuntimeDir(env: NodeJS.ProcessEnv = process.env): RuntimeDir {
  const { uid, username } = userInfo();
  const shared = env.XDG_RUNTIME_DIR;
  const candidates = [
    ...(shared !== undefined && path.isAbsolute(shared) ? [path.join(shared, 'pssh-ts')] : []),
    path.join(tmpdir(), `pssh-ts-${uid >= 0 ? uid : username}`),
  ];
  const notes: string[] = [];
  for (const candidate of candidates) {
    const fault = placeFault(candidate, shared, uid) ?? faultOf(candidate, uid);
    if (fault === null) return { path: candidate, notes };
    notes.push(`runtime folder ${candidate} is passed over: ${fault}`);
  }
  throw new PsshError(
    'ERR_MASTER',
    `no folder for control sockets: ${notes.join('; ')}; set XDG_RUNTIME_DIR to a private folder`,
  );
}

/** Whether somebody else rules over XDG_RUNTIME_DIR itself; the temp folder is everybody's and guarded by its sticky bit. */
function placeFault(candidate: string, shared: string | undefined, uid: number): string | null {
  if (shared === undefined || path.dirname(candidate) !== path.resolve(shared)) return null;
  const place = statsOf(shared);
  if (place === undefined || uid < 0) return null;
  // `sudo -E`: a folder of root's in there would keep that user's own runs out.
  if (place.uid !== uid && place.uid !== 0) return `user ${place.uid} owns XDG_RUNTIME_DIR, not ${uid}`;
  if ((place.mode & 0o022) !== 0 && (place.mode & 0o1000) === 0)
    return `others can write XDG_RUNTIME_DIR (mode ${(place.mode & 0o777).toString(8)})`;
  return null;
}

function faultOf(folder: string, uid: number): string | null {
  const room = LONGEST_SOCKET - SSH_SUFFIX - 1 - LONGEST_NAME;
  if (Buffer.byteLength(folder) > room)
    return `its path is longer than ${room} bytes, a control socket would not fit`;
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EEXIST') return `it can't be made (${code})`;
  }
  const stats = lstatSync(folder);
  if (stats.isSymbolicLink()) return 'it is a symbolic link';
  if (!stats.isDirectory()) return 'it is no folder';
  if (uid >= 0 && stats.uid !== uid) return `user ${stats.uid} owns it, not ${uid}`;
  if ((stats.mode & 0o077) !== 0)
    return `others have access to it (mode ${(stats.mode & 0o777).toString(8)})`;
  if ((stats.mode & 0o700) !== 0o700) return `its mode ${(stats.mode & 0o777).toString(8)} shuts us out`;
  return null;
}
