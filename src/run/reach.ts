import type { Target } from '../core/target.js';
import type { Lease, Master, MasterPool } from '../master/pool.js';
import { DEFAULT_ALIVE_SECONDS } from '../master/session-traits.js';
import type { Connection, Transport } from '../transport/transport.js';

/** How a host is reached. */
export interface Reach {
  readonly pool: MasterPool;
  readonly transport: Transport;
  /** The pool's, or that of somebody who keeps the host's master between runs. */
  readonly acquire: MasterPool['acquire'];
}

export interface Reached {
  readonly lease: Lease;
  readonly connection: Connection;
}

export interface ReachOptions {
  readonly signal: AbortSignal;
  /** Called before each login. */
  readonly onAttempt: (attempt: number) => void;
  /** Told of the lease, which has to be released whatever happens next. */
  readonly onLease: (lease: Lease) => void;
  /** What is left of the connect timeout. @default all of it */
  readonly leftMs?: number;
}

/**
 * A master, and a connection over it.
 * @throws ConnectFailure, PsshError, or the signal's reason
 */
export async function reachHost(
  target: Target,
  { pool, transport, acquire }: Reach,
  { signal, onAttempt, onLease, leftMs }: ReachOptions,
): Promise<Reached> {
  let proven: Connection | null = null;
  const prove = async (master: Master): Promise<void> => {
    proven = await transport.connect(master, pool, signal);
  };
  const lease = await acquire(target, signal, onAttempt, prove, leftMs);
  onLease(lease);
  return { lease, connection: proven ?? (await transport.connect(lease.master, pool, signal)) };
}

/** As long as ssh itself bears a silent network; a second is too short for a busy machine. */
export function silenceOf({ session }: Master): number {
  return Math.max(2, session?.aliveSeconds ?? DEFAULT_ALIVE_SECONDS) * 1000;
}
