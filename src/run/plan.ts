import { frameCommand } from '../core/command.js';
import { type Target, targetName } from '../core/target.js';
import type { TransferRequest } from '../transfer/transfer.js';

export interface CommandOptions {
  /** Names and values set in the remote command. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The words alone: no variables, no folder. */
  readonly raw: boolean;
  /** Hosts of the whole list, where this plan is for a part of it. @default those of this plan */
  readonly count?: number;
}

/** One host's part of a run. */
export interface PlannedHost {
  readonly target: Target;
  readonly steps: readonly PlannedStep[];
  /** Why nothing is run there. Absent: its steps are. */
  readonly skipped?: string;
}

export type PlannedStep = PlannedCommand | PlannedTransfer | PlannedHealth;

export interface PlannedCommand {
  /** As the user wrote it. */
  readonly command: string;
  /** As the login shell gets it. */
  readonly text: string;
  /** What it reads, in place of the run's input. */
  readonly input?: Uint8Array;
}

/** Run again and again until it succeeds, or the time for that is over. */
export interface PlannedHealth extends PlannedCommand {
  readonly healthMs: number;
}

/** A command before its variables and folder are put to it. */
export interface CommandWords {
  /** For people. */
  readonly command: string;
  /** For the login shell. @default the command */
  readonly words?: string;
  readonly input?: Uint8Array;
}

/** Files moved to or from the host. */
export interface PlannedTransfer {
  /** What it does, for people. */
  readonly command: string;
  readonly request: TransferRequest;
}

/** @throws PsshError ERR_USAGE for a command or value that can't be sent */
export function planHost(
  target: Target,
  commands: readonly CommandWords[],
  options: CommandOptions & { readonly count: number },
): PlannedHost & { readonly steps: readonly PlannedCommand[] } {
  const env = {
    PSSH_HOST: targetName(target),
    PSSH_NODENUM: String(target.index),
    PSSH_NUMNODES: String(options.count),
    ...options.env,
  };
  const frame = { env, raw: options.raw, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) };
  const steps = commands.map(({ command, words = command, input }) => ({
    command,
    text: frameCommand(words, frame),
    ...(input === undefined ? {} : { input }),
  }));
  return { target, steps };
}

/**
 * What will be run where, fixed before the first connection.
 * @throws PsshError ERR_USAGE for a command or value that can't be sent
 */
export function planCommands(
  targets: readonly Target[],
  commands: readonly string[],
  options: CommandOptions,
): readonly (PlannedHost & { readonly steps: readonly PlannedCommand[] })[] {
  const words = commands.map((command) => ({ command }));
  const { count = targets.length } = options;
  return Object.freeze(targets.map((target) => planHost(target, words, { ...options, count })));
}
