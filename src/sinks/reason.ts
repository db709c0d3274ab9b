import type { HostResult } from '../core/result.js';
import { reasonOf } from './outcome.js';

/** How a step ended, in one phrase: `ok`, `exit status 3`, `unreachable: Connection refused`. */
export function endingOf(result: HostResult, timeoutMs: number | null): string {
  const { status } = result;
  if (status === 'ok') return 'ok';
  const reason = reasonOf(result, timeoutMs);
  if (reason === '') return status;
  if (status === 'signaled' || (status === 'failed' && result.exitCode !== null)) return reason;
  if (status === 'timed-out' && timeoutMs !== null) return `${status} ${reason}`;
  return `${status}${status === 'timed-out' || status === 'canceled' ? ',' : ':'} ${reason}`;
}
