import { setMaxListeners } from 'node:events';

/** Why a run's signal is aborted when the time of the whole run is over. */
export class DeadlineReached extends Error {
  override readonly name = 'DeadlineReached';
}

/** What ended a run early: its own time, or somebody who cancelled it. */
export function endedBy(signal: AbortSignal): 'deadline' | 'cancel' {
  return signal.reason instanceof DeadlineReached ? 'deadline' : 'cancel';
}

/**
 * A run's own signal: the caller's and the deadline, whichever comes first. One of our own because each host listens
 * to it, which on the caller's would draw Node's warning of a leak.
 */
export function runSignal(
  outer: AbortSignal,
  deadlineMs: number | null,
): {
  readonly signal: AbortSignal;
  readonly cancel: (reason: Error) => void;
  readonly dispose: () => void;
} {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const abort = (): void => controller.abort(outer.reason);
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  const timer =
    deadlineMs === null
      ? undefined
      : setTimeout(() => controller.abort(new DeadlineReached('the deadline has come')), deadlineMs);
  return {
    signal: controller.signal,
    cancel: (reason) => controller.abort(reason),
    dispose: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}
