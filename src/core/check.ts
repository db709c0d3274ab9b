import { EXIT } from './exit-code.js';
import type { ResultError, Status } from './result.js';
import type { Target } from './target.js';

/** What is looked at, in the order of dependence. */
export const CHECK_NAMES = [
  'name',
  'port',
  'host-key',
  'auth',
  'transport',
  'shell',
  'sessions',
  'sudo',
  'tools',
  'clock',
  'temp',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** One look at one host. */
export interface Check {
  readonly name: CheckName;
  /** skipped: what it depends on failed, or it was not asked for. A warning fails nothing. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, one line. */
  readonly detail: string;
  /** The command that mends it, for the user's own shell. Null: there is nothing to mend, or no command does. */
  readonly mend: string | null;
  /** What was found, for programs. */
  readonly facts: Readonly<Record<string, string | number | boolean | readonly string[] | null>>;
}

/** What a check of a host came to. */
export interface CheckResult {
  readonly target: Target;
  readonly status: Extract<
    Status,
    'ok' | 'failed' | 'unreachable' | 'auth-failed' | 'host-key-failed' | 'disconnected' | 'canceled'
  >;
  readonly checks: readonly Check[];
  /** Logins tried. */
  readonly attempts: number;
  readonly startedAt: number;
  readonly durationMs: number;
  /** ERR_CHECK: ssh logs in, and a check behind that failed; else why it does not. */
  readonly error: ResultError | null;
}

/** The statuses in the order in which they are told. */
export const CHECK_STATUSES = [
  'ok',
  'failed',
  'unreachable',
  'auth-failed',
  'host-key-failed',
  'disconnected',
  'canceled',
] as const satisfies readonly CheckResult['status'][];

const CODES = {
  ok: EXIT.ok,
  failed: EXIT.command,
  unreachable: EXIT.ssh,
  'auth-failed': EXIT.ssh,
  'host-key-failed': EXIT.ssh,
  disconnected: EXIT.ssh,
  canceled: EXIT.timeout,
} as const satisfies Record<CheckResult['status'], number>;

/** As a run's: of 3, 4, 5 the first that applies to any host. */
export function checkExitCode(results: Iterable<CheckResult>): number {
  const codes = [...results].map(({ status }) => CODES[status]).filter((code) => code !== EXIT.ok);
  return codes.length === 0 ? EXIT.ok : Math.min(...codes);
}

/** A host that is ok, with something to know. */
export const hasWarnings = ({ checks }: Pick<CheckResult, 'checks'>): boolean =>
  checks.some(({ outcome }) => outcome === 'warning');
