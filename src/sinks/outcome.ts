import { formatDuration } from '../core/duration.js';
import type { HostResult } from '../core/result.js';

/** What of a result tells how it ended. */
export type Ending = Pick<
  HostResult,
  'step' | 'status' | 'exitCode' | 'signal' | 'killed' | 'skippedBy' | 'timedOutBy'
> & {
  readonly error: HostResult['error'];
};

/** What the user gave to a command, and to the whole run. */
export interface Limits {
  readonly timeoutMs: number | null;
  readonly deadlineMs: number | null;
}

const KILLED_NOTE = {
  confirmed: ', ended on the host',
  unknown: '; whether it still runs on the host is not known',
} as const;

const NO_LIMITS: Limits = { timeoutMs: null, deadlineMs: null };

function limitOf({ timedOutBy }: Ending, limits: Limits): string {
  if (timedOutBy === 'deadline') return atDeadline(limits);
  return limits.timeoutMs === null ? '' : `after ${formatDuration(limits.timeoutMs)}`;
}

function atDeadline({ deadlineMs }: Limits): string {
  return `at the deadline${deadlineMs === null ? '' : ` of ${formatDuration(deadlineMs)}`}`;
}

/** Why a step did not end well, beside its status; empty where the status says all. */
export function reasonOf(ending: Ending, limits: Limits): string {
  const { status, exitCode, signal } = ending;
  const killed = ending.killed === null ? '' : KILLED_NOTE[ending.killed];
  if (status === 'timed-out') {
    const limit = limitOf(ending, limits);
    const said = ending.error === null ? '' : `: ${ending.error.message}`;
    return limit === '' ? `${killed}${said}`.slice(2) : `${limit}${killed}${said}`;
  }
  if (status === 'canceled') return killed.slice(2);
  if (status === 'skipped') return skipReason(ending, limits);
  if (status === 'signaled') return `killed by ${signal === null ? 'a signal' : `SIG${signal}`}`;
  if (status === 'failed' && exitCode !== null) return `exit status ${exitCode}`;
  return ending.error?.message ?? '';
}

// A host on which nothing was begun skips its first step too.
function skipReason({ skippedBy, step }: Ending, limits: Limits): string {
  if (skippedBy === 'plan') return 'left out';
  const what = step === 0 ? 'not begun' : 'not run';
  return skippedBy === 'deadline' ? `${what} ${atDeadline(limits)}` : what;
}

/** How a host's steps ended, in a few words; empty: all well. */
export function outcomeOf(endings: readonly Ending[]): string {
  const bad = endings.find(({ status, skippedBy }) => status !== 'ok' && skippedBy !== 'plan');
  if (bad === undefined) return '';
  const ended = bad.status === 'failed' || bad.status === 'signaled' ? reasonOf(bad, NO_LIMITS) : bad.status;
  return endings.length > 1 ? `step ${bad.step + 1}: ${ended}` : ended;
}
