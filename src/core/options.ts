import { NO_ROLLING, type Rolling } from './rolling.js';

/** How commands go over a master: by our own client of its socket, or by an `ssh -S` for each. */
export type TransportChoice = 'auto' | 'mux' | 'process';

export const TRANSPORTS: readonly TransportChoice[] = ['auto', 'mux', 'process'];

/** How hosts are reached. Every field names the ssh flag it becomes. */
export interface ConnectionOptions {
  /** Login name for targets that name none, `ssh -l`. */
  readonly user?: string;
  /** Port for targets that name none, `ssh -p`. */
  readonly port?: number;
  /** The ssh_config file, `ssh -F`. @default ~/.ssh/config and the system's */
  readonly sshConfig?: string;
  /** Jump host or hosts, `ssh -J`. */
  readonly jump?: string;
  /** Identity files, `ssh -i`. */
  readonly identities: readonly string[];
  /** `Key=Value`, `ssh -o`. */
  readonly sshOptions: readonly string[];
  /** The same, about host keys: stronger than what else is said, and jump hosts' too. */
  readonly hostKeys: readonly string[];
  /** All of one host's connecting, retries included. @default 10 s */
  readonly connectTimeoutMs: number;
  /** How often a connection dropped before the login was done is tried again. @default 2 */
  readonly connectRetries: number;
  /** How long an idle master stays; 0: closed when done. @default 10 minutes, 0 where CI is set */
  readonly persistMs: number;
  /** `auto`: mux, but process where ssh_config asks for agent or X11 forwarding. @default 'auto' */
  readonly transport: TransportChoice;
  /** Jump hosts get a master too, which all hosts behind them share; false: each host jumps by itself, as ssh does. @default true */
  readonly jumpMaster: boolean;
  /** Only masters of our own: a live one of the user's, at the ControlPath of ssh_config, is passed over. @default false */
  readonly ownMasters: boolean;
  /** False: no masters at all, a login (`ssh HOST COMMAND`) for each command. @default true */
  readonly mux: boolean;
  /** Live masters that are kept; more than these are closed when their host is done. @default 512 */
  readonly maxMasters: number;
}

export const CONNECTION_DEFAULTS = {
  identities: [],
  sshOptions: [],
  hostKeys: [],
  connectTimeoutMs: 10_000,
  connectRetries: 2,
  persistMs: 600_000,
  transport: 'auto',
  jumpMaster: true,
  ownMasters: false,
  mux: true,
  maxMasters: 512,
} as const satisfies ConnectionOptions;

/** A terminal on the host. */
export interface Pty {
  /** Its TERM. */
  readonly term: string;
  readonly columns: number;
  readonly rows: number;
  /** Nothing may be put before the command, so that what ssh itself gives has to do. */
  readonly bare?: boolean;
}

/** How commands are run. */
export interface RunOptions {
  /** Hosts worked on at once. @default 32 */
  readonly fanout: number;
  /** Time for one command, from its start. @default none */
  readonly timeoutMs: number | null;
  /** Time for the whole run. @default none */
  readonly deadlineMs: number | null;
  /** Between TERM and KILL when a command is given up. @default 5 s */
  readonly killGraceMs: number;
  /** What becomes of running commands when pssh-ts itself dies or the connection is lost. @default kill */
  readonly onDisconnect: 'kill' | 'leave';
  /** How long output is awaited after the command has exited. @default 5 s */
  readonly drainMs: number;
  /** Keep output in the results. @default false */
  readonly capture: boolean;
  /** Bytes kept of each stream of a host. @default 64 MiB */
  readonly maxOutput: number;
  /** After a failing step, still run the host's next ones. @default false */
  readonly keepCommands: boolean;
  /** A terminal for each command on its host, `ssh -tt`. @default none */
  readonly pty: Pty | null;
  /** Batches, and how many failures end the run. @default all hosts at once, whatever fails */
  readonly rolling: Rolling;
}

export const RUN_DEFAULTS = {
  fanout: 32,
  timeoutMs: null,
  deadlineMs: null,
  killGraceMs: 5_000,
  onDisconnect: 'kill',
  drainMs: 5_000,
  capture: false,
  maxOutput: 64 * 1024 * 1024,
  keepCommands: false,
  pty: null,
  rolling: NO_ROLLING,
} as const satisfies RunOptions;
