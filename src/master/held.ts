import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import type { JumpWay, Route } from './jumps.js';
import type { SocketName } from './names.js';
import type { SessionTraits } from './session-traits.js';

/** A live master that this process holds. */
export interface Master {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly controlPath: string;
  /** Null: its record is missing. */
  readonly pid: number | null;
  readonly address: string | null;
  /** Null: its record is missing, or of a version that kept less. */
  readonly session: SessionTraits | null;
  /** Sessions that the server grants a connection, as earlier runs have learnt. Null: nothing is known. */
  readonly sessionCap: number | null;
  /** The user's own: it serves through `ssh -S`, and is not ours to close. */
  readonly users: boolean;
}

/** A master in the hands of the pool. */
export interface Held {
  /** Null: it is the user's own. */
  readonly name: SocketName | null;
  readonly master: Master;
  readonly reused: boolean;
  readonly attempts: number;
  /** The jump host's master that it goes through and that this process holds for it. */
  readonly route: Route | null;
  /** A jump host's: others go through it, perhaps those of another process. */
  readonly isJump: boolean;
}

/** With which options a master is started, and for whom. */
export type Way = Omit<JumpWay, 'failed'> & { readonly isJump: boolean };
