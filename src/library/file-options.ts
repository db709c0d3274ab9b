import { MEANS, type Means, TRANSFER_DEFAULTS, type TransferOptions } from '../core/files.js';
import type { RunOptions } from '../core/options.js';
import type { TransferEvent } from '../core/transfer-result.js';
import {
  type CommandOptions,
  checkNames,
  type Duration,
  type MachineOptions,
  oneOf,
  resolveCommand,
  whole,
} from './options.js';

/** How files are sent. */
export interface PutOptions {
  /** Cancels: on neither side anything half stands under a final name, and the result is `canceled`. */
  readonly signal?: AbortSignal;
  /** Time for one machine's transfer, once it is connected. @default none */
  readonly timeout?: Duration;
  /** Time for all of it, connecting included. @default none */
  readonly deadline?: Duration;
  /** Machines worked on at once. @default 32 */
  readonly fanout?: number;
  /** Told of each event. */
  readonly onEvent?: (event: TransferEvent) => void | Promise<void>;
  /** Between TERM and KILL when a transfer is given up. @default '5s' */
  readonly killGrace?: Duration;
  /** Folders with all that is in them; links in them stay links. @default false */
  readonly recursive?: boolean;
  /** Modes and times as they are. @default false */
  readonly preserve?: boolean;
  /** Compare SHA-256 of both sides before a file gets its name. @default false */
  readonly verify?: boolean;
  /** Leave alone what has the same content already. @default false */
  readonly ifChanged?: boolean;
  /** `tar`: a session of ours; `scp`, `rsync`: the system's; `auto`: scp only where the host has no tar. @default 'auto' */
  readonly via?: 'auto' | 'tar' | 'scp' | 'rsync';
  /** Bytes a second and machine. @default none */
  readonly limitRate?: number;
}

/** How files are brought. */
export interface GetOptions extends PutOptions {
  /** What a machine does not have is no failure. @default false */
  readonly ignoreMissing?: boolean;
}

/** How files of many machines are brought. */
export interface ClusterGetOptions extends GetOptions {
  /** All into one folder, as NAME.HOST. @default false: HOST/NAME */
  readonly flat?: boolean;
}

/** What they share with commands, and so with the options of a machine. */
const RUNNING = { timeout: true, deadline: true, fanout: true, killGrace: true } as const;

const PUT_NAMES = {
  ...RUNNING,
  signal: true,
  onEvent: true,
  recursive: true,
  preserve: true,
  verify: true,
  ifChanged: true,
  via: true,
  limitRate: true,
} as const satisfies Record<keyof PutOptions, true>;
const GET_NAMES = { ...PUT_NAMES, ignoreMissing: true } as const satisfies Record<keyof GetOptions, true>;
const CLUSTER_GET_NAMES = { ...GET_NAMES, flat: true } as const satisfies Record<
  keyof ClusterGetOptions,
  true
>;

export const FILE_OPTIONS = { put: PUT_NAMES, get: GET_NAMES, getOfMany: CLUSTER_GET_NAMES };

/** How files are moved, and how long that may take. @throws PsshError ERR_USAGE */
export function resolveFiles(
  defaults: MachineOptions,
  options: ClusterGetOptions,
  names: Readonly<Record<string, true>>,
): { readonly run: RunOptions; readonly files: TransferOptions } {
  checkNames(options, names);
  const own: Pick<CommandOptions, keyof typeof RUNNING> = Object.fromEntries(
    Object.entries(options).filter(([name]) => name in RUNNING),
  );
  const { via = TRANSFER_DEFAULTS.via, limitRate } = options;
  const files = {
    via: oneOf<Means>(via, 'via', MEANS),
    preserve: options.preserve === true,
    recursive: options.recursive === true,
    verify: options.verify === true,
    ifChanged: options.ifChanged === true,
    limitRate: limitRate === undefined ? null : whole(limitRate, 'limitRate', 1, Number.MAX_SAFE_INTEGER),
  };
  return { run: { ...resolveCommand(defaults, own), capture: false }, files };
}
