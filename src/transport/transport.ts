import type { Readable, Writable } from 'node:stream';
import type { Exit } from '../core/channel.js';
import type { Master, MasterPool } from '../master/pool.js';

export interface OpenOptions {
  /** `none`: the remote's stdin is empty. */
  readonly stdin: 'none' | 'pipe';
  /** Gives up waiting for a session; nothing was sent then. */
  readonly signal?: AbortSignal;
}

/** One remote command. */
export interface Channel {
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * How it ended. Rejects with a PsshError: ERR_CHANNEL_OPEN when it was never started, ERR_DISCONNECTED when the
   * connection was lost, so that how it ended is not known.
   */
  readonly exited: Promise<Exit>;
  /** Lets the channel go; what runs remotely may go on. */
  close(): void;
}

/** A way to a host over its master. */
export interface Connection {
  open(command: string, options: OpenOptions): Promise<Channel>;
  close(): Promise<void>;
}

export interface Transport {
  readonly kind: 'mux' | 'process';
  connect(master: Master, pool: MasterPool, signal: AbortSignal): Promise<Connection>;
}
