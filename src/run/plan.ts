import { frameCommand } from '../core/command.js';
import { type Target, targetName } from '../core/target.js';
import type { TransferRequest } from '../transfer/transfer.js';

export interface CommandOptions {
  /** Names and values set in the remote command. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The words alone: no variables, no folder. */
  readonly raw: boolean;
}

/** One host's part of a run. */
export interface PlannedHost {
  readonly target: Target;
  readonly steps: readonly PlannedStep[];
}

export type PlannedStep = PlannedCommand | PlannedTransfer;

export interface PlannedCommand {
  /** As the user wrote it. */
  readonly command: string;
  /** As the login shell gets it. */
  readonly text: string;
}

/** Files moved to or from the host. */
export interface PlannedTransfer {
  /** What it does, for people. */
  readonly command: string;
  readonly request: TransferRequest;
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
  return Object.freeze(
    targets.map((target) => {
      const env = {
        PSSH_HOST: targetName(target),
        PSSH_NODENUM: String(target.index),
        PSSH_NUMNODES: String(targets.length),
        ...options.env,
      };
      const frame = { env, raw: options.raw, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) };
      return { target, steps: commands.map((command) => ({ command, text: frameCommand(command, frame) })) };
    }),
  );
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
