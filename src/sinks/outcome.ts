import { formatDuration } from '../core/duration.js';
import type { HostResult } from '../core/result.js';

/** What of a result tells how it ended. */
export type Ending = Pick<HostResult, 'step' | 'status' | 'exitCode' | 'signal' | 'killed' | 'skippedBy'> & {
  readonly error: HostResult['error'];
};

const KILLED_NOTE = {
  confirmed: ', ended on the host',
  unknown: '; whether it still runs on the host is not known',
} as const;

/** Why a step did not end well, beside its status; empty where the status says all. */
export function reasonOf(ending: Ending, timeoutMs: number | null): string {
  const { status, exitCode, signal } = ending;
  const killed = ending.killed === null ? '' : KILLED_NOTE[ending.killed];
  if (status === 'timed-out')
    return timeoutMs === null ? killed.slice(2) : `after ${formatDuration(timeoutMs)}${killed}`;
  if (status === 'canceled') return killed.slice(2);
  if (status === 'skipped') return 'not run';
  if (status === 'signaled') return `killed by ${signal === null ? 'a signal' : `SIG${signal}`}`;
  if (status === 'failed' && exitCode !== null) return `exit status ${exitCode}`;
  return ending.error?.message ?? '';
}

/** How a host's steps ended, in a few words; empty: all well. */
export function outcomeOf(endings: readonly Ending[]): string {
  const bad = endings.find(({ status, skippedBy }) => status !== 'ok' && skippedBy !== 'plan');
  if (bad === undefined) return '';
  const ended = bad.status === 'failed' || bad.status === 'signaled' ? reasonOf(bad, null) : bad.status;
  return endings.length > 1 ? `step ${bad.step + 1}: ${ended}` : ended;
}
