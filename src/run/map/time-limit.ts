/** The time of a task of several parts, and whatever else ends it. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** What is left, for the next part; null: there is no limit. */
  left(): number | null;
  timedOut(): boolean;
  dispose(): void;
}

export function timeLimit(outer: AbortSignal, timeoutMs: number | null): TimeLimit {
  const controller = new AbortController();
  const abort = (): void => controller.abort(outer.reason);
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  const end = timeoutMs === null ? null : nowMs() + timeoutMs;
  let timedOut = false;
  const timer =
    timeoutMs === null
      ? undefined
      : setTimeout(() => {
          timedOut = !outer.aborted;
          controller.abort(new Error('its time is over'));
        }, timeoutMs);
  return {
    signal: controller.signal,
    left: () => (end === null ? null : Math.max(1, end - nowMs())),
    timedOut: () => timedOut,
    dispose: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}

import { nowMs } from '../../ssh/now.js';
