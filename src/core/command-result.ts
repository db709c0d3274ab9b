import type { RunEvent } from './events.js';
import type { HostResult, ResultError } from './result.js';

/** What the results of all commands have. */
export interface EndedCommand extends Omit<HostResult, 'status' | 'exitCode' | 'signal' | 'error' | 'files'> {
  /** The remote command's exit status; null when it gave none. */
  readonly exitCode: number | null;
  /** The signal that ended the remote command, without `SIG`; null when none did or its name is not known. */
  readonly signal: string | null;
  /** Why it could not be run, or how it was lost. */
  readonly error: ResultError | null;
}

/** It ended with 0. */
export interface OkResult extends EndedCommand {
  readonly status: 'ok';
  readonly exitCode: 0;
  readonly signal: null;
  readonly error: null;
}

/** It ended with another status; or (ERR_SUDO) sudo did not start it, and there is none. */
export type FailedResult = EndedCommand & { readonly status: 'failed'; readonly signal: null } & (
    | { readonly exitCode: number; readonly error: null }
    | { readonly exitCode: null; readonly error: ResultError }
  );

/** A signal that was not pssh-ts's ended it. */
export interface SignaledResult extends EndedCommand {
  readonly status: 'signaled';
  readonly exitCode: null;
  readonly error: null;
}

/** Its time, or that of the run, was over. An error is there where it was not even connected by then. */
export interface TimedOutResult extends EndedCommand {
  readonly status: 'timed-out';
  readonly exitCode: null;
  readonly signal: null;
}

/** The caller gave it up. */
export interface CanceledResult extends EndedCommand {
  readonly status: 'canceled';
  readonly exitCode: null;
  readonly signal: null;
  readonly error: null;
}

/**
 * ssh did not get there, so nothing was run; or (`disconnected`) the connection was lost after the command was sent,
 * and how it ended is not known.
 */
export interface ConnectionResult extends EndedCommand {
  readonly status: 'unreachable' | 'auth-failed' | 'host-key-failed' | 'disconnected';
  readonly exitCode: null;
  readonly signal: null;
  readonly error: ResultError;
}

/**
 * It was not run, because an earlier one failed or the time of the run was over. An error is there where the login was
 * given up, as the password was wrong on another machine.
 */
export interface SkippedResult extends EndedCommand {
  readonly status: 'skipped';
  readonly exitCode: null;
  readonly signal: null;
}

/** What one command came to on one machine; `status` tells which other fields have values. */
export type CommandResult =
  | OkResult
  | FailedResult
  | SignaledResult
  | TimedOutResult
  | CanceledResult
  | ConnectionResult
  | SkippedResult;

/** What happens in a run of commands, as it happens. */
export type CommandEvent = Exclude<RunEvent, { readonly type: 'finished' }> | FinishedEvent;

/** A command has ended, or was not run. */
export interface FinishedEvent extends Omit<Extract<RunEvent, { readonly type: 'finished' }>, 'result'> {
  readonly result: CommandResult;
}
