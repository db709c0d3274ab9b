import { type CommandFrame, frameCommand, frameLines } from '../core/command.js';
import { type Target, targetName } from '../core/target.js';
import type { TransferRequest } from '../transfer/transfer.js';
import type { PlannedJob } from './jobs/job-steps.js';
import type { SudoAccess } from './sudo/access.js';
import { sudoCommand } from './sudo/outer-script.js';

const LONGEST_MARK = 'f'.repeat(18);

export interface CommandOptions {
  /** Names and values set in the remote command. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The words alone: no variables, no folder. */
  readonly raw: boolean;
  /** As another user. */
  readonly sudo?: SudoAccess;
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

export type PlannedStep = PlannedCommand | PlannedTransfer | PlannedHealth | PlannedJob;

export interface PlannedCommand {
  /** As the user wrote it. */
  readonly command: string;
  /** As the login shell gets it. */
  readonly text: string;
  /** What it reads, in place of the run's input. */
  readonly input?: Uint8Array;
  /** It runs as another user: what is sent in place of the text. */
  readonly sudo?: PlannedSudo;
}

export interface PlannedSudo {
  readonly access: SudoAccess;
  /** What stands before the words: variables, folder. Sudo's log does not get them. */
  readonly lines: readonly string[];
  readonly words: string;
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
  const { sudo } = options;
  const steps = commands.map(({ command, words = command, input }) => ({
    command,
    text: frameCommand(words, frame),
    ...(input === undefined ? {} : { input }),
    ...(sudo === undefined ? {} : { sudo: underSudo(words, frame, sudo) }),
  }));
  return { target, steps };
}

/** @throws PsshError ERR_USAGE for a command or value that can't be sent */
function underSudo(words: string, frame: CommandFrame, access: SudoAccess): PlannedSudo {
  const asks = access.password !== null;
  const longest = { talk: LONGEST_MARK, started: LONGEST_MARK, inner: LONGEST_MARK };
  frameCommand(sudoCommand({ user: access.user, asks, words }, longest), { env: {}, raw: true });
  return { access, lines: frameLines(frame), words };
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

/** Bytes of files that a plan sends; null: it sends none, or others whose size is not known yet. */
export function plannedBytes(plan: readonly PlannedHost[]): number | null {
  let sum: number | null = null;
  for (const step of plan.flatMap(({ steps }) => steps)) {
    if (!('request' in step)) continue;
    if (step.request.kind !== 'put') return null;
    for (const { bytes } of step.request.sources) sum = (sum ?? 0) + bytes;
  }
  return sum;
}
