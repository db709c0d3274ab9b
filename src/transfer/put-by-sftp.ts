import { PsshError } from '../core/errors.js';
import type { Channel } from '../transport/transport.js';
import type { LocalEntry } from './local-source.js';
import { ownPieces } from './own-fault.js';
import { pieces } from './pieces.js';
import { Rate } from './rate.js';
import type { TransferHost } from './remote.js';
import type { Attributes } from './sftp/packets.js';
import { SftpFault, SftpRefusal, SftpSession } from './sftp/session.js';
import { sftpTemporary, sweepByScript, sweepBySftp } from './sweep.js';

// Who has not answered by then is some other program, and the script is the surer way.
const ANSWER_MS = 10_000;
const KIND = 0o170000;
const FOLDER = 0o040000;
const FILE = 0o100000;
// Unanswered at once: enough to keep a fast line busy.
const MOST_UNDER_WAY = 2 * 1024 * 1024;

export interface SftpPut {
  /** Absolute. */
  readonly dest: string;
  readonly name: string;
  readonly entry: LocalEntry;
  readonly preserve: boolean;
  readonly limitRate: number | null;
  /** The host's, as in the names of its temporaries. */
  readonly tag: string;
  readonly id: string;
}

/**
 * Sends one file by SFTP through a session of ours: no program is started on the host but its sftp-server. Serves the
 * plain case; for whatever is out of it, and for every failure, the script is the one that knows what to do and to say.
 * @returns the name that it has got there; null: not this way, and nothing is left of the trial
 * @throws PsshError where the connection is lost, or the file of ours can't be read
 */
export async function putBySftp(put: SftpPut, host: TransferHost): Promise<string | null> {
  const channel = await openSftp(host);
  if (channel === null) return null;
  const session = new SftpSession(channel);
  const close = (): void => session.end();
  host.signal.addEventListener('abort', close, { once: true });
  const work = attempt(put, host, session);
  // Who ends the host's side waits for the temporary to be gone, and for the session.
  host.tidies(
    work.then(close, close).then(async () => {
      await channel.released;
      return true;
    }),
  );
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SftpFault)) throw error;
    host.signal.throwIfAborted();
    // The connection's own error, where it was lost; else the session alone has ended.
    await channel.exited;
    return null;
  } finally {
    host.signal.removeEventListener('abort', close);
    close();
    // What comes after it is another's.
    if (!host.programs.aborted) host.tidies(Promise.resolve(false));
  }
}

/** A session with the host's sftp-server. Null: it has none. */
export async function openSftp({ connection, signal }: TransferHost): Promise<Channel | null> {
  if (connection.kind !== 'mux') return null;
  signal.throwIfAborted();
  try {
    const channel = await connection.open('sftp', { subsystem: true, stdin: 'pipe', signal });
    channel.exited.catch(() => undefined);
    return channel;
  } catch (error) {
    if (error instanceof PsshError && error.code === 'ERR_CHANNEL_OPEN' && !signal.aborted) return null;
    throw error;
  }
}

async function attempt(put: SftpPut, host: TransferHost, session: SftpSession): Promise<string | null> {
  const place = await answered(placeOf(put, session));
  if (place === null || !session.replaces) return null;
  const folder = place.path.slice(0, place.path.lastIndexOf('/') + 1);
  const sweeping = sweepBySftp(session, folder, put.tag);
  const temporary = `${folder}${sftpTemporary(put.tag, put.id)}`;
  if (!(await write(temporary, place.old, put, host, session))) return null;
  // What a shell of ours has left only the host can judge.
  const leftByShell = await sweeping;
  try {
    host.programs.throwIfAborted();
    await session.rename(temporary, place.path);
  } catch (error) {
    await session.remove(temporary).catch(() => undefined);
    if (error instanceof SftpRefusal) return null;
    throw error;
  }
  if (leftByShell) await sweepByScript(host, folder, put.tag);
  return place.path;
}

/** Null: no answer, or a refusal, or no SFTP at all. */
async function answered<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ANSWER_MS);
  });
  return Promise.race([work.catch(() => null), late]).finally(() => clearTimeout(timer));
}

interface Place {
  readonly path: string;
  /** Of the file that is replaced. */
  readonly old: Attributes | null;
}

/** Where the file goes. Null: what stands there is not for us. */
async function placeOf({ dest, name }: SftpPut, session: SftpSession): Promise<Place | null> {
  const within = `${dest.replace(/\/$/, '')}/${name}`;
  const asked = [session.stat(dest), session.lstat(dest), session.lstat(within)] as const;
  for (const each of asked) each.catch(() => undefined);
  const there = await asked[0];
  const isFolder = there?.mode !== undefined && (there.mode & KIND) === FOLDER;
  if (!isFolder && dest.endsWith('/')) return null;
  // Of a name below what is no folder there is nothing to be told.
  const old = isFolder ? await asked[2] : await asked[1];
  if (old !== null && ((old.mode ?? 0) & KIND) !== FILE) return null;
  return { path: isFolder ? within : dest, old };
}

/** False: the host did not take it, and nothing is left. */
async function write(
  temporary: string,
  old: Attributes | null,
  { entry, preserve, limitRate }: SftpPut,
  host: TransferHost,
  session: SftpSession,
): Promise<boolean> {
  const mode = entry.mode & 0o777;
  let handle: Buffer;
  try {
    // Nobody else may look into what is not whole yet, nor where the file that it replaces keeps him out.
    handle = await session.create(temporary, preserve || old !== null ? 0o600 : mode);
  } catch (error) {
    if (error instanceof SftpRefusal) return false;
    throw error;
  }
  try {
    await sendAll(handle, entry, new Rate(limitRate, host.programs), host, session, () => {
      if (preserve)
        return [session.setAttributes(handle, { mode, mtime: Math.floor(entry.mtime.getTime() / 1000) })];
      if (old === null) return [];
      // To root alone; who may not keeps his own.
      if (old.owner !== undefined) session.setAttributes(handle, { owner: old.owner }).catch(() => undefined);
      return [session.setAttributes(handle, { mode: (old.mode ?? 0o600) & 0o777 })];
    });
    return true;
  } catch (error) {
    session.close(handle).catch(() => undefined);
    await session.remove(temporary).catch(() => undefined);
    host.programs.throwIfAborted();
    if (error instanceof SftpRefusal) return false;
    throw error;
  }
}

/** All bytes, many on their way at once, what follows them, and the end: all of it is done when this resolves. */
async function sendAll(
  handle: Buffer,
  entry: LocalEntry,
  rate: Rate,
  host: TransferHost,
  session: SftpSession,
  after: () => readonly Promise<void>[],
): Promise<void> {
  const underWay: Promise<void>[] = [];
  let offset = 0;
  const gaveUp = new Promise<never>((_, reject) => {
    host.programs.addEventListener('abort', () => reject(host.programs.reason as Error), { once: true });
  });
  gaveUp.catch(() => undefined);
  const most = Math.ceil(MOST_UNDER_WAY / session.piece);
  for await (const bytes of ownPieces(host, pieces(entry))) {
    for await (const piece of rate.release(bytes, session.piece)) {
      host.programs.throwIfAborted();
      const { length } = piece;
      const written = session.write(handle, offset, piece).then(() => host.moved(length));
      written.catch(() => undefined);
      underWay.push(written);
      offset += length;
      if (underWay.length >= most) await Promise.race([underWay.shift(), gaveUp]);
    }
  }
  underWay.push(...after(), session.close(handle));
  await Promise.race([Promise.all(underWay), gaveUp]);
}
