import type { Readable, Writable } from 'node:stream';
import type { Exit } from '../core/channel.js';
import type { PsshError } from '../core/errors.js';
import type { Pty } from '../core/options.js';
import type { Master, MasterPool } from '../master/pool.js';

/** Said where it is not known how a command ended. */
export const LOST = 'the connection was lost while the command ran';

/** Said where it never ran, and another try is safe. */
export const UNSENT = 'the connection was lost before the command was sent';

export interface OpenOptions {
  /** `none`: the remote's stdin is empty. */
  readonly stdin: 'none' | 'pipe';
  /** Ends the waiting for a session: rejects with ERR_CHANNEL_OPEN while the command has not been sent. */
  readonly signal?: AbortSignal;
  /** False: fails at once with ERR_CHANNEL_OPEN where the host has no session left. @default true */
  readonly wait?: boolean;
  /** Told before each login, where opening takes one. plain only. */
  readonly onAttempt?: (attempt: number) => void;
  /** Variables asked of the server, which grants those that its AcceptEnv names. mux only. */
  readonly env?: Readonly<Record<string, string>>;
  /** A remote terminal, `ssh -tt`: all output comes as stdout. */
  readonly pty?: Pty;
  /** The command names a subsystem, `ssh -s`. mux only. */
  readonly subsystem?: boolean;
}

/** One remote command. Both outputs have to be read, or destroyed: one that is left lying stops the other. */
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
  /**
   * Asks the server to signal the command, by the signal's name without SIG (RFC 4254 section 6.9). False: refused,
   * not answered in time, or the command has ended. True confirms nothing: dropbear signals only its direct child.
   */
  signal?(name: string): Promise<boolean>;
  /**
   * Ends the connection, so that how a command ended is told although something holds its output; the command itself is
   * over. Its leash may be there yet, `before` ends it. False: others work over it. process only, over a master of ours.
   */
  letGo?(before: () => Promise<void>): Promise<boolean>;
  /** Resolves once the server has let the channel go too, or the connection is gone. */
  readonly released?: Promise<void>;
  /** Logins tried for it alone. plain only. */
  readonly attempts?: number;
  /** The connection was lost before all output had come, although the command's end is known. */
  readonly cut?: PsshError | null;
}

/** A way to a host, over its master or (`plain`) with a login for each command. */
export interface Connection {
  readonly kind: 'mux' | 'process' | 'plain';
  /** Why this kind, where it was chosen against the usual. */
  readonly reason?: string;
  /** The master must not be used again: it may take its other sessions with it when this process lets go of it. */
  readonly poisoned?: boolean;
  /** Its master was ended: what is still to be done needs another connection. */
  readonly spent?: boolean;
  /** Sessions that could be had now without waiting for another to end. */
  readonly freeSessions?: number;
  /** Sessions that the host grants at once, as far as is known. */
  readonly mostSessions?: number;
  /**
   * Starts a command; waits where the host has no session left.
   * @throws ConnectFailure where opening takes a login; PsshError ERR_CHANNEL_OPEN when it was not started; ERR_DISCONNECTED, ERR_MUX_PROTOCOL when that is not known
   */
  open(command: string, options: OpenOptions): Promise<Channel>;
  close(): Promise<void>;
}

export interface Transport {
  readonly kind: 'mux' | 'process' | 'plain' | 'auto';
  connect(master: Master, pool: MasterPool, signal: AbortSignal): Promise<Connection>;
  /**
   * What the connections to a master share stays for the next one, and keeps no process from ending meanwhile. Gives
   * what lets go of it, and says whether the master may be used again; null: there is nothing to keep.
   */
  keep?(master: Master): (() => Promise<boolean>) | null;
}
