import type { HostResult } from '../core/result.js';
import { type Limits, reasonOf } from './outcome.js';

/** How a step ended, in one phrase: `ok`, `exit status 3`, `unreachable: Connection refused`. */
export function endingOf(result: HostResult, limits: Limits): string {
  const { status } = result;
  if (status === 'ok') return 'ok';
  const reason = reasonOf(result, limits);
  if (reason === '') return status;
  if (status === 'signaled' || (status === 'failed' && result.exitCode !== null)) return reason;
  if (status === 'timed-out' && /^(after|at) /.test(reason)) return `${status} ${reason}`;
  return `${status}${status === 'timed-out' || status === 'canceled' ? ',' : ':'} ${reason}`;
}
