import type { RunEvent } from './events.js';
import type { TransferredFile } from './files.js';
import type { HostResult, ResultError } from './result.js';

type Common = Pick<
  HostResult,
  'target' | 'command' | 'attempts' | 'startedAt' | 'durationMs' | 'killed' | 'skippedBy' | 'timedOutBy'
>;

interface Ended extends Common {
  /** No command was run. */
  readonly exitCode: null;
  /** What was moved, or was the same on both sides already. */
  readonly files: readonly TransferredFile[];
  /** Why it failed. */
  readonly error: ResultError | null;
}

/** All is there, each file whole. */
export interface OkTransfer extends Ended {
  readonly status: 'ok';
  readonly error: null;
}

/** It did not come about; the error (ERR_TRANSFER) names the file and the reason. Nothing half stands under a final name. */
export interface FailedTransfer extends Ended {
  readonly status: 'failed';
  readonly error: ResultError;
}

/** Its time, or that of the run, was over. An error is there where it was not even connected by then. */
export interface TimedOutTransfer extends Ended {
  readonly status: 'timed-out';
}

/** The caller gave it up. */
export interface CanceledTransfer extends Ended {
  readonly status: 'canceled';
  readonly error: null;
}

/** ssh did not get there, or (`disconnected`) the connection was lost on the way, so that how it ended is not known. */
export interface ConnectionTransfer extends Ended {
  readonly status: 'unreachable' | 'auth-failed' | 'host-key-failed' | 'disconnected';
  readonly error: ResultError;
}

/** It was not begun, because the run was over. */
export interface SkippedTransfer extends Ended {
  readonly status: 'skipped';
  readonly error: null;
}

/** What moving files to or from one machine came to; `status` tells which other fields have values. */
export type TransferResult =
  | OkTransfer
  | FailedTransfer
  | TimedOutTransfer
  | CanceledTransfer
  | ConnectionTransfer
  | SkippedTransfer;

/** What happens while files are moved, as it happens. */
export type TransferEvent =
  | Exclude<RunEvent, { readonly type: 'finished' | 'output' }>
  | FinishedTransferEvent;

/** A transfer of one machine has ended. */
export interface FinishedTransferEvent
  extends Omit<Extract<RunEvent, { readonly type: 'finished' }>, 'result'> {
  readonly result: TransferResult;
}

/** A transfer's result without what commands alone have. */
export function transferResult(result: HostResult): TransferResult {
  const { step: _step, signal: _signal, stdout: _out, stderr: _err, truncated: _cut, ...rest } = result;
  // What the runner gives is what TransferResult says of each status; a test looks at the endings.
  return { ...rest, files: result.files ?? [] } as TransferResult;
}
