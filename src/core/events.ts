import type { HostResult, Status } from './result.js';
import type { Target } from './target.js';

/** Which output of a command. */
export type StreamName = 'stdout' | 'stderr';

/** What happens in a run, as it happens. `time` is milliseconds since the epoch. */
export type RunEvent =
  | { readonly type: 'connecting'; readonly time: number; readonly target: Target; readonly attempt: number }
  | {
      readonly type: 'connected';
      readonly time: number;
      readonly target: Target;
      readonly reused: boolean;
      /** What carries the commands, and why where that is not what is usually taken. */
      readonly transport: { readonly kind: 'mux' | 'process' | 'plain'; readonly reason?: string };
    }
  | {
      readonly type: 'started';
      readonly time: number;
      readonly target: Target;
      readonly step: number;
      readonly command: string;
    }
  | OutputEvent
  /** Bytes of files that a transfer has moved so far; now and then, not of every piece. */
  | {
      readonly type: 'moved';
      readonly time: number;
      readonly target: Target;
      readonly step: number;
      readonly bytes: number;
    }
  | { readonly type: 'note'; readonly time: number; readonly target: Target | null; readonly message: string }
  | { readonly type: 'finished'; readonly time: number; readonly target: Target; readonly result: HostResult }
  | { readonly type: 'summary'; readonly time: number; readonly summary: RunSummary };

/** Whole lines, or (`partial`) the piece of a line that ended without one or grew too long to hold. */
export interface OutputEvent {
  readonly type: 'output';
  readonly time: number;
  readonly target: Target;
  readonly step: number;
  readonly stream: StreamName;
  /** Not to be written to: it may be what the result keeps. */
  readonly data: Uint8Array;
  readonly partial: boolean;
}

/** Counts of hosts, each under what its steps came to. */
export interface RunSummary {
  readonly total: number;
  readonly counts: Readonly<Record<Status, number>>;
  readonly durationMs: number;
  readonly exitCode: number;
}

/** One view of the events. A returned promise holds the sender back until the view has caught up. */
export interface Sink<E = RunEvent> {
  event(event: E): void | Promise<void>;
  /** After the last event: write what is left. */
  end?(): void | Promise<void>;
}
