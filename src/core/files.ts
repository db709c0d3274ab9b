/** One source of a transfer, as it came to be on the other side. */
export interface TransferredFile {
  readonly source: string;
  readonly dest: string;
  /** Of the files in it, together; 0 where nothing was moved. */
  readonly bytes: number;
  /** False: the other side had the same content already. */
  readonly changed: boolean;
}

/**
 * `tar`: through a session of ours; `scp`, `rsync`: by the system's; `auto`: one file as its plain bytes, more as tar
 * where the host has it, else by scp.
 */
export type Means = (typeof MEANS)[number];

export const MEANS = ['auto', 'tar', 'scp', 'rsync'] as const;

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
