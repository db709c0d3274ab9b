import type { TransferredFile } from '../files.js';
import type { Output } from '../output.js';
import type { ResultError, Status } from '../result.js';
import type { Target } from '../target.js';

/** One of many commands that any of the hosts may run. */
export interface Task {
  /** Its place in the list of all tasks, from 1. */
  readonly seq: number;
  /** A value of each source. */
  readonly values: readonly string[];
  /** What it is, whatever its place in the list: a hash of the command and the values. */
  readonly key: string;
}

/** What a task came to in the end, whichever hosts tried it. */
export interface TaskResult {
  readonly task: Task;
  /** Which of the tasks that were begun it was, from 0: without those that an earlier run has done. */
  readonly order: number;
  /** The host that it ended on; null: it was never begun. */
  readonly target: Target | null;
  /** The slot of that host, from 1. */
  readonly slot: number;
  /** As it was run, or would have been. */
  readonly command: string;
  readonly status: Status;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly killed: 'confirmed' | 'unknown' | null;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly truncated: boolean;
  /** How often it was begun. */
  readonly tries: number;
  /** Of the last try. */
  readonly startedAt: Date | null;
  readonly durationMs: number;
  /** Bytes of files that went to the host and came back. */
  readonly sent: number;
  readonly received: number;
  readonly files?: readonly TransferredFile[];
  readonly error: ResultError | null;
  readonly skippedBy?: 'failure' | 'deadline';
  readonly timedOutBy?: 'deadline';
}

/** How many tasks ended how. */
export interface MapSummary {
  /** Tasks that have a result. */
  readonly total: number;
  readonly counts: Readonly<Record<Status, number>>;
  /** Tasks that an earlier run has done, as the joblog tells. */
  readonly known: number;
  /** Not all of the input was read: the run was given up, or no host was left. */
  readonly unread: boolean;
  readonly hosts: readonly HostShare[];
  readonly durationMs: number;
  readonly exitCode: number;
}

/** One host's part. */
export interface HostShare {
  readonly target: Target;
  /** Tasks that ended on it. */
  readonly tasks: number;
  /** Why it was taken out; null: it was not. */
  readonly out: HostOut | null;
}

export interface HostOut {
  readonly status: Status;
  readonly message: string;
  readonly error: ResultError | null;
}

/** What happens in a map, as it happens. `time` is milliseconds since the epoch. */
export type MapEvent =
  | {
      readonly type: 'connecting';
      readonly time: number;
      readonly target: Target;
      readonly attempt: number;
    }
  | {
      readonly type: 'connected';
      readonly time: number;
      readonly target: Target;
      readonly reused: boolean;
      readonly transport: { readonly kind: 'mux' | 'process' | 'plain'; readonly reason?: string };
      readonly slots: number;
    }
  | { readonly type: 'out'; readonly time: number; readonly target: Target; readonly out: HostOut }
  | {
      readonly type: 'started';
      readonly time: number;
      readonly task: Task;
      readonly target: Target;
      readonly slot: number;
      readonly command: string;
    }
  | MapOutputEvent
  /** It failed there, and is tried again. */
  | { readonly type: 'again'; readonly time: number; readonly result: TaskResult }
  | { readonly type: 'note'; readonly time: number; readonly target: Target | null; readonly message: string }
  | { readonly type: 'finished'; readonly time: number; readonly result: TaskResult }
  | { readonly type: 'summary'; readonly time: number; readonly summary: MapSummary };

/** Whole lines as they come, or (`partial`) the piece of a line. */
export interface MapOutputEvent {
  readonly type: 'output';
  readonly time: number;
  readonly task: Task;
  readonly target: Target;
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
  readonly partial: boolean;
}
