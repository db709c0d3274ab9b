import type { ErrorCode } from './errors.js';
import type { TransferredFile } from './files.js';
import type { Output } from './output.js';
import type { Target } from './target.js';

/** How one step ended on one host. */
export type Status =
  | 'ok'
  | 'failed'
  | 'signaled'
  | 'timed-out'
  | 'canceled'
  | 'unreachable'
  | 'auth-failed'
  | 'host-key-failed'
  | 'disconnected'
  | 'skipped';

export const STATUSES = [
  'ok',
  'failed',
  'signaled',
  'timed-out',
  'canceled',
  'unreachable',
  'auth-failed',
  'host-key-failed',
  'disconnected',
  'skipped',
] as const satisfies readonly Status[];

/** Why a step could not be run, or how it was lost. */
export interface ResultError {
  readonly code: ErrorCode;
  /** The reason, in ssh's own words where ssh gave one. */
  readonly message: string;
}

/** What one step (one `-c`, or the only command) came to on one host. */
export interface HostResult {
  readonly target: Target;
  /** Which of the host's commands, from 0. */
  readonly step: number;
  readonly command: string;
  readonly status: Status;
  /** The remote command's exit status; null when it gave none. */
  readonly exitCode: number | null;
  /** The signal that ended the remote command, without `SIG`; null when none did or its name is not known. */
  readonly signal: string | null;
  /** What was captured; empty when the run does not capture. */
  readonly stdout: Output;
  readonly stderr: Output;
  /** Output beyond `maxOutput` was cut from `stdout` or `stderr`. */
  readonly truncated: boolean;
  /** Connections tried, 0 when a live master served. */
  readonly attempts: number;
  readonly startedAt: Date | null;
  readonly durationMs: number;
  /** After a kill: whether every process of the remote session was seen to be gone. Null: nothing was killed. */
  readonly killed: 'confirmed' | 'unknown' | null;
  readonly error: ResultError | null;
  /** Of a transfer: what was moved. */
  readonly files?: readonly TransferredFile[];
  /**
   * Why a skipped step was not run: part of the plan counts as ok, the others' or an earlier step's failure and
   * the run's deadline do not.
   */
  readonly skippedBy?: 'plan' | 'failure' | 'deadline';
  /** The time that was over was the whole run's. */
  readonly timedOutBy?: 'deadline';
}

/** As the exit code ranks them, so that the counts and the code tell the same story. */
export const WORST_FIRST = [
  'timed-out',
  'signaled',
  'canceled',
  'disconnected',
  'unreachable',
  'auth-failed',
  'host-key-failed',
  'failed',
] as const satisfies readonly Status[];

/** The worst of a host's results decides what the host counts as. */
export function hostStatus(results: readonly HostResult[]): Status {
  const worst = WORST_FIRST.find((status) => results.some((result) => result.status === status));
  if (worst !== undefined) return worst;
  const skipped = results.filter((result) => result.status === 'skipped');
  return skipped.length === results.length || skipped.some((result) => result.skippedBy !== 'plan')
    ? (skipped[0]?.status ?? 'ok')
    : 'ok';
}
