import { hash, randomBytes } from 'node:crypto';

/**
 * The files of the runtime folder. A master's socket is `HASH.ID.OWNER`, with `-` for nobody: taking, handing
 * back and inheriting a master is one atomic rename, which only one process can win.
 *
 *     HASH.ID.OWNER   a master's control socket
 *     HASH.ID.json    what is known of that master
 *     HASH.cap        how many sessions that server grants a connection, where it is fewer than usual
 *     HASH.ID.log     the log of a jump host's master
 *     o.OWNER         listening while the owner lives
 *     swept           when masters that have ended were last looked for
 *     s.OWNER.N       log of one ssh of that process
 *     s.OWNER.ask     where its ssh's questions are answered, s.OWNER.askpass the program that brings them
 */
export interface SocketName {
  readonly hash: string;
  readonly id: string;
  /** Null: free. */
  readonly owner: string | null;
}

const HASH_LENGTH = 12;
const ID_LENGTH = 4;
const OWNER_LENGTH = 7;
export const LONGEST_NAME = HASH_LENGTH + ID_LENGTH + OWNER_LENGTH + 2;

const SOCKET = /^([0-9a-z]{12})\.([0-9a-z]{4})\.(-|[0-9a-z]{7})$/;

export function socketName({ hash, id, owner }: SocketName): string {
  return `${hash}.${id}.${owner ?? '-'}`;
}

/** The part of the name that stays, whoever has it. */
export const masterName = ({ hash, id }: SocketName): string => `${hash}.${id}`;

export function parseSocketName(file: string): SocketName | null {
  const match = SOCKET.exec(file);
  if (match === null) return null;
  const [, hash = '', id = '', owner = ''] = match;
  return { hash, id, owner: owner === '-' ? null : owner };
}

/** The owner in the name of an owner's socket, a session's log, or what ssh leaves of a half-made socket. */
export function ownerOf(file: string): string | null {
  return (
    /^(?:o|s)\.([0-9a-z]{7})(?:\.\w+)?$/.exec(file)?.[1] ??
    /^[0-9a-z]{12}\.[0-9a-z]{4}\.([0-9a-z]{7})\.\w+$/.exec(file)?.[1] ??
    null
  );
}

// One case only: file systems of macOS take `a` and `A` for the same name.
function base36(bytes: Uint8Array, length: number): string {
  const number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return number.toString(36).padStart(length, '0').slice(-length);
}

export function hashOf(parts: readonly unknown[]): string {
  return base36(hash('sha256', JSON.stringify(parts), 'buffer'), HASH_LENGTH);
}

export const newMasterId = (): string => base36(randomBytes(8), ID_LENGTH);
export const newOwnerId = (): string => base36(randomBytes(8), OWNER_LENGTH);
