import { readFile, rm } from 'node:fs/promises';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { type Diagnosis, lastLine } from '../ssh/diagnose.js';
import { resolveConfig, serverAliveOf } from '../ssh/resolve.js';
import { Clock } from './clock.js';
import { pauseBeforeRetry } from './retry-pause.js';
import { type SessionTraits, sessionTraits } from './session-traits.js';
import { startMaster } from './start.js';
import { liveUsersMaster } from './users-master.js';

// A master of --persist 0 is closed by us; should we die, it ends by itself soon after its sessions.
const SHORTEST_PERSIST_SECONDS = 10;

/** A host that could not be connected to; the message is ssh's reason. */
export class ConnectFailure extends PsshError {
  constructor(
    target: Target,
    readonly status: Diagnosis['status'],
    code: PsshError['code'],
    reason: string,
    readonly attempts: number,
  ) {
    super(code, reason, { target: target.label });
  }
}

export interface LoginOptions {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly controlPath: string;
  readonly logPath: string;
  /** A live master of the user's own serves instead of a login. */
  readonly usersMaster: boolean;
  readonly signal: AbortSignal;
  /** Called before each try. */
  readonly onAttempt: (attempt: number) => void;
}

export interface Login {
  readonly controlPath: string;
  /** The user's own master: no login was made. */
  readonly users: boolean;
  readonly pid: number;
  /** The address really connected to. */
  readonly address: string | null;
  readonly attempts: number;
  readonly persistSeconds: number;
  readonly session: SessionTraits;
}

/**
 * Finds a live master of the user's own, or starts one of ours, again where the server dropped the connection before the login was done, all within the
 * connect timeout. Leaves no log behind.
 * @throws ConnectFailure; PsshError; the signal's reason
 */
export async function login(options: LoginOptions): Promise<Login> {
  const { target, connection, logPath, signal } = options;
  const clock = new Clock(signal, connection.connectTimeoutMs);
  const tries = { made: 0, said: null as string | null };
  try {
    return await tryUntilDone(options, clock.signal, tries);
  } catch (error) {
    signal.throwIfAborted();
    if (!clock.expired) throw error;
    const said = tries.said ?? lastLine(await readFile(logPath, 'latin1').catch(() => ''));
    const reason = `not connected within ${connection.connectTimeoutMs / 1000}s${said === null ? '' : ` (${said})`}`;
    throw new ConnectFailure(target, 'unreachable', 'ERR_CONNECT_TIMEOUT', reason, tries.made);
  } finally {
    clock.stop();
    // A living master writes on into it; nobody reads it any more.
    await rm(logPath, { force: true });
  }
}

async function tryUntilDone(
  options: LoginOptions,
  signal: AbortSignal,
  tries: { made: number; said: string | null },
): Promise<Login> {
  const { target, connection, controlPath, logPath } = options;
  const persistSeconds = Math.max(SHORTEST_PERSIST_SECONDS, Math.ceil(connection.persistMs / 1000));
  const resolved = await resolveConfig(target, connection, signal);
  const session = sessionTraits(resolved);
  const users = options.usersMaster ? await liveUsersMaster(resolved) : null;
  signal.throwIfAborted();
  if (users !== null) return { ...users, users: true, address: null, attempts: 0, persistSeconds, session };
  const serverAliveSeconds = serverAliveOf(resolved);
  for (;;) {
    tries.made += 1;
    options.onAttempt(tries.made);
    const start = { target, connection, controlPath, logPath, persistSeconds, serverAliveSeconds, signal };
    const outcome = await startMaster(start);
    if (outcome.ok) {
      const { pid, address } = outcome;
      return { controlPath, users: false, pid, address, attempts: tries.made, persistSeconds, session };
    }
    const { status, code, reason, retry } = outcome.diagnosis;
    tries.said = reason;
    if (!retry || tries.made > connection.connectRetries) {
      throw new ConnectFailure(target, status, code, reason, tries.made);
    }
    await pauseBeforeRetry(tries.made, signal);
  }
}
