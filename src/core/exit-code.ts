import type { HostResult, Status } from './result.js';

/** pssh-ts's own exit codes; README has the table for people. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  timeout: 3,
  ssh: 4,
  command: 5,
  hangup: 129,
  interrupt: 130,
  pipe: 141,
  terminate: 143,
} as const;

const CODE_OF = {
  ok: null,
  failed: EXIT.command,
  signaled: EXIT.timeout,
  'timed-out': EXIT.timeout,
  canceled: EXIT.timeout,
  unreachable: EXIT.ssh,
  'auth-failed': EXIT.ssh,
  'host-key-failed': EXIT.ssh,
  disconnected: EXIT.ssh,
  skipped: null,
} as const satisfies Record<Status, number | null>;

/** The exit code of a run: of 3, 4, 5 the first that applies to any host. */
export function exitCode(results: Iterable<HostResult>): number {
  let code: number = EXIT.ok;
  for (const result of results) code = worseCode(code, result);
  return code;
}

type Ended = Pick<HostResult, 'status' | 'error' | 'skippedBy'>;

/** The exit code of a run that had this one so far, with one result more. */
export function worseCode(code: number, result: Ended): number {
  // No ssh to start: nothing is wrong with the hosts.
  if (code === EXIT.failure || result.error?.code === 'ERR_SSH_SPAWN') return EXIT.failure;
  const own = CODE_OF[result.status] ?? skipCode(result);
  return own !== null && (code === EXIT.ok || own < code) ? own : code;
}

function skipCode({ skippedBy }: Ended): number | null {
  if (skippedBy === 'deadline') return EXIT.timeout;
  return skippedBy === 'failure' ? EXIT.command : null;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  ABRT: 6,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};

/** `-S`: the largest remote status; 128+n for signal n, 254 for a failure of ssh, 255 for a timeout. */
export function maxStatus(results: Iterable<HostResult>): number {
  let largest = 0;
  for (const result of results) largest = Math.max(largest, statusNumber(result));
  return largest;
}

function statusNumber(result: HostResult): number {
  if (result.exitCode !== null) return result.exitCode;
  switch (result.status) {
    case 'ok':
      return 0;
    case 'skipped':
      return result.skippedBy === 'deadline' ? 255 : 0;
    case 'signaled':
      return 128 + (SIGNAL_NUMBERS[result.signal ?? ''] ?? 0);
    case 'timed-out':
    case 'canceled':
      return 255;
    default:
      return 254;
  }
}
