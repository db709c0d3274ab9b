import type { Check, CheckName, CheckResult } from '../../core/check.js';
import { CHECK_NAMES } from '../../core/check.js';
import { PsshError } from '../../core/errors.js';
import type { Target } from '../../core/target.js';
import { ConnectFailure } from '../../master/login.js';
import type { Lease, MasterPool } from '../../master/pool.js';
import { type LoginLog, readLoginLog } from '../../ssh/login-log.js';
import { nowMs } from '../../ssh/now.js';
import { type ResolvedConfig, resolveConfig } from '../../ssh/resolve.js';
import { chooseTransport } from '../../transport/choose.js';
import type { Connection } from '../../transport/transport.js';
import { failedLogin, reachedChecks } from './login-checks.js';
import { Mends } from './mends.js';
import { type SessionWork, sessionChecks } from './session-checks.js';

export interface CheckHostOptions {
  readonly pool: MasterPool;
  /** What ssh logged of the target's login. */
  readonly logOf: (target: Target) => string;
  /** Remote programs to look for. */
  readonly tools: readonly string[];
  /** They were asked for: one that is missing is a failure, else a warning. */
  readonly toolsAsked: boolean;
  readonly sudo: boolean;
  readonly signal: AbortSignal;
}

/** Everything about one host, in the order of dependence. Never rejects for what is wrong with the host. */
export async function checkHost(target: Target, options: CheckHostOptions): Promise<CheckResult> {
  const startedAt = Date.now();
  const started = nowMs();
  const found = new Findings();
  let attempts = 0;
  let lease: Lease | null = null;
  let connection: Connection | null = null;
  let status: CheckResult['status'] = 'ok';
  let error: CheckResult['error'] = null;
  try {
    const { pool, signal } = options;
    const resolved = await resolveTarget(target, options, found);
    const mends = new Mends(target, pool.connection, resolved);
    lease = await logIn(target, resolved, mends, options, found, (attempt) => {
      attempts = attempt;
    });
    // What an earlier run has learnt of the server's sessions is what is to be looked at.
    const master = { ...lease.master, sessionCap: null };
    connection = await chooseTransport(pool.connection).connect(master, pool, signal);
    const timeoutMs = pool.connection.connectTimeoutMs;
    const work: SessionWork = { ...options, connection, mends, timeoutMs };
    await sessionChecks(work, (check) => found.add(check));
    const bad = found.failed;
    if (bad !== undefined) {
      status = 'failed';
      error = { code: 'ERR_CHECK', message: `${bad.name}: ${bad.detail}` };
    }
  } catch (thrown) {
    if (options.signal.aborted) status = 'canceled';
    else if (!(thrown instanceof PsshError) || thrown.code === 'ERR_SSH_SPAWN') throw thrown;
    else {
      status = thrown instanceof ConnectFailure ? loginStatus(thrown) : statusOf(thrown);
      error = { code: thrown.code, message: thrown.message };
      if (found.failed === undefined) found.fail(found.next, thrown.message);
    }
  } finally {
    await connection?.close();
    lease?.retire();
    await lease?.release();
  }
  const durationMs = Math.round(nowMs() - started);
  return { target, status, checks: found.all(), attempts, startedAt, durationMs, error };
}

/** A login that was not tried, because its password was wrong elsewhere, is as good as refused. */
function loginStatus({ status }: ConnectFailure): CheckResult['status'] {
  return status === 'skipped' ? 'auth-failed' : status;
}

function statusOf({ code }: PsshError): CheckResult['status'] {
  return code === 'ERR_DISCONNECTED' ? 'disconnected' : 'unreachable';
}

async function resolveTarget(
  target: Target,
  { pool, signal }: CheckHostOptions,
  found: Findings,
): Promise<ResolvedConfig> {
  try {
    return await resolveConfig(target, pool.connection, signal);
  } catch (error) {
    if (error instanceof PsshError && !signal.aborted) found.fail('name', error.message);
    throw error;
  }
}

async function logIn(
  target: Target,
  resolved: ResolvedConfig,
  mends: Mends,
  { pool, signal, logOf }: CheckHostOptions,
  found: Findings,
  onAttempt: (attempt: number) => void,
): Promise<Lease> {
  const read = (): LoginLog => readLoginLog(logOf(target));
  try {
    const lease = await pool.acquire(target, signal, onAttempt);
    for (const check of reachedChecks(resolved, read())) found.add(check);
    return lease;
  } catch (error) {
    if (error instanceof PsshError && !signal.aborted)
      for (const check of failedLogin(error, resolved, read(), mends)) found.add(check);
    throw error;
  }
}

/** The checks of a host as they come. */
class Findings {
  private readonly found = new Map<CheckName, Check>();

  get failed(): Check | undefined {
    return [...this.found.values()].find(({ outcome }) => outcome === 'failed');
  }

  /** The first that nothing is known of. */
  get next(): CheckName {
    return CHECK_NAMES.find((name) => !this.found.has(name)) ?? 'shell';
  }

  add(check: Check): void {
    this.found.set(check.name, check);
  }

  fail(name: CheckName, detail: string): void {
    this.add({ name, outcome: 'failed', detail, mend: null, facts: {} });
  }

  /** With those that were not tried, and why. */
  all(): Check[] {
    const { failed } = this;
    const detail = failed === undefined ? 'not asked for' : `not tried, as ${failed.name} failed`;
    return CHECK_NAMES.map(
      (name) => this.found.get(name) ?? { name, outcome: 'skipped', detail, mend: null, facts: {} },
    );
  }
}
