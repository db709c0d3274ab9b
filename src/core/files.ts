/** One source of a transfer, as it came to be on the other side. */
export interface TransferredFile {
  readonly source: string;
  readonly dest: string;
  /** Of the files in it, together. */
  readonly bytes: number;
  /** False: the other side had the same content already. */
  readonly changed: boolean;
}

/** `tar`: through a session of ours, one file as its plain bytes; `scp`: by the system's scp; `auto`: tar where the host has it. */
export type Means = 'auto' | 'scp' | 'tar';

export interface TransferOptions {
  readonly via: Means;
  /** Modes and times as they are, `scp -p`. @default false */
  readonly preserve: boolean;
  /** Folders with all that is in them, `scp -r`. @default false */
  readonly recursive: boolean;
  /** Compare SHA-256 of both sides before the files get their names. @default false */
  readonly verify: boolean;
  /** Leave alone what has the same content already. @default false */
  readonly ifChanged: boolean;
  /** Bytes a second and host. @default none */
  readonly limitRate: number | null;
}

export const TRANSFER_DEFAULTS = {
  via: 'auto',
  preserve: false,
  recursive: false,
  verify: false,
  ifChanged: false,
  limitRate: null,
} as const satisfies TransferOptions;
