import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { SERVER_ALIVE } from '../ssh/argv.js';
import { type Diagnosis, lastLine } from '../ssh/diagnose.js';
import { resolveConfig } from '../ssh/resolve.js';
import { Clock } from './clock.js';
import { type SessionTraits, sessionTraits } from './session-traits.js';
import { readLog } from './ssh-log.js';
import { startMaster } from './start.js';

// A master of --persist 0 is closed by us; should we die, it ends by itself soon after its sessions.
const SHORTEST_PERSIST_SECONDS = 10;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

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
  readonly signal: AbortSignal;
  /** Called before each try. */
  readonly onAttempt: (attempt: number) => void;
}

export interface Login {
  readonly pid: number;
  /** The address really connected to. */
  readonly address: string | null;
  readonly attempts: number;
  readonly persistSeconds: number;
  readonly session: SessionTraits;
}

/**
 * Starts a master, again where the server dropped the connection before the login was done, all within the
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
    const said = tries.said ?? lastLine((await readLog(logPath)) ?? '');
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
  const serverAliveSeconds = resolved.serverAliveInterval > 0 ? null : SERVER_ALIVE.interval;
  for (;;) {
    tries.made += 1;
    options.onAttempt(tries.made);
    const start = { target, connection, controlPath, logPath, persistSeconds, serverAliveSeconds, signal };
    const outcome = await startMaster(start);
    if (outcome.ok) {
      const { pid, address } = outcome;
      return { pid, address, attempts: tries.made, persistSeconds, session: sessionTraits(resolved) };
    }
    const { status, code, reason, retry } = outcome.diagnosis;
    tries.said = reason;
    if (!retry || tries.made > connection.connectRetries) {
      throw new ConnectFailure(target, status, code, reason, tries.made);
    }
    const growing = Math.min(FIRST_PAUSE_MS * 2 ** (tries.made - 1), LONGEST_PAUSE_MS);
    // Jitter: hosts dropped together must not come back together.
    await pause(growing * (0.5 + Math.random()), undefined, { signal });
  }
}
