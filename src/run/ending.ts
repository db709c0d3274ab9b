import type { Exit } from '../core/channel.js';
import type { PsshError } from '../core/errors.js';
import type { HostResult, Status } from '../core/result.js';
import type { ConnectFailure } from '../master/login.js';
import { endedBy } from './run-signal.js';
import type { Start } from './sudo/session.js';

/** What ended a step. */
export type Ending =
  | { readonly by: 'done' }
  | { readonly by: 'exit'; readonly exit: Exit }
  | { readonly by: 'fault'; readonly error: PsshError }
  | { readonly by: 'connect'; readonly error: ConnectFailure }
  /** The password was wrong on another host, and not tried here. */
  | { readonly by: 'untried'; readonly error: PsshError }
  | { readonly by: 'timeout' | 'cancel' | 'deadline' };

/** It was given up while it ran. */
export const isGiven = ({ by }: Ending): boolean => by === 'timeout' || by === 'cancel' || by === 'deadline';

/** Null: the command runs. */
export function unstartedBy(start: Start, signal: AbortSignal): Ending | null {
  switch (start.kind) {
    case 'running':
      return null;
    case 'failed':
      return { by: 'fault', error: start.error };
    case 'untried':
      return { by: 'untried', error: start.error };
    case 'timeout':
      return { by: 'timeout' };
    case 'given':
      return { by: endedBy(signal) };
  }
}

type Description = Pick<HostResult, 'status' | 'exitCode' | 'signal' | 'error' | 'timedOutBy' | 'skippedBy'>;

/** What its result says of it. */
export function describe(ending: Ending): Description {
  const none = { exitCode: null, signal: null, error: null } as const;
  switch (ending.by) {
    case 'done':
      return { ...none, status: 'ok' };
    case 'exit': {
      if ('signal' in ending.exit) return { ...none, status: 'signaled', signal: ending.exit.signal };
      const { status } = ending.exit;
      return { ...none, status: status === 0 ? 'ok' : 'failed', exitCode: status };
    }
    case 'timeout':
      return { ...none, status: 'timed-out' };
    case 'deadline':
      return { ...none, status: 'timed-out', timedOutBy: 'deadline' };
    case 'cancel':
      return { ...none, status: 'canceled' };
    case 'connect': {
      const { code, message, status } = ending.error;
      return { ...none, status, error: { code, message } };
    }
    case 'untried': {
      const { code, message } = ending.error;
      return { ...none, status: 'skipped', skippedBy: 'failure', error: { code, message } };
    }
    case 'fault': {
      const { code, message } = ending.error;
      return { ...none, status: faultStatus(code), error: { code, message } };
    }
  }
}

function faultStatus(code: PsshError['code']): Status {
  if (code === 'ERR_TRANSFER' || code === 'ERR_SUDO') return 'failed';
  // Of both it is known only that the command was sent.
  return code === 'ERR_DISCONNECTED' || code === 'ERR_MUX_PROTOCOL' ? 'disconnected' : 'unreachable';
}
