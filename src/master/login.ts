import { rm } from 'node:fs/promises';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import type { Askpass, LoginQuestions } from '../ssh/askpass.js';
import { type Diagnosis, lastLine } from '../ssh/diagnose.js';
import type { ProofOutcome } from '../ssh/password-proof.js';
import type { LoginConfig } from '../ssh/resolve-alike.js';
import { unsetOptions } from '../ssh/unset-options.js';
import { Clock } from './clock.js';
import { Gates } from './gate.js';
import type { Route } from './jumps.js';
import { proxyWords } from './proxy-words.js';
import { pauseBeforeRetry } from './retry-pause.js';
import { type SessionTraits, sessionTraits } from './session-traits.js';
import { readLog } from './ssh-log.js';
import { type StartOutcome, startMaster } from './start.js';
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
  /** The log stays beside the master. @default false */
  readonly keepLog?: boolean;
  /** A live master of the user's own serves instead of a login. */
  readonly usersMaster: boolean;
  /** All of it must be done by then. @default the connect timeout */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  /** What ssh_config says of the target. */
  readonly resolve: (target: Target, signal: AbortSignal) => Promise<LoginConfig>;
  /** The way through a jump host's master; null: there is none. @default none, ssh jumps by itself */
  readonly findRoute?: (resolved: LoginConfig, clock: Clock) => Promise<Route | null>;
  /** Answers what ssh asks. @default nothing is asked */
  readonly askpass?: Askpass | null;
  /** It is a jump host's. @default false */
  readonly isJump?: boolean;
  /** For those who log in to many at once. */
  readonly gates?: Gates;
  /** Told what ssh has logged at DEBUG1 of the last try, however it ended. @default nobody is, and it logs less */
  readonly inspect?: (target: Target, log: string) => void;
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
  /** Held for as long as the master lives. */
  readonly route: Route | null;
}

interface Tries {
  made: number;
  /** Of those made, the ones that count: not those that a lower rate of logins is the answer to. */
  counted: number;
  said: string | null;
}

/**
 * Finds a live master of the user's own, or starts one of ours, again where the server dropped the connection
 * before the login was done, all within the connect timeout.
 * @throws ConnectFailure; PsshError; the signal's reason
 */
export async function login(options: LoginOptions): Promise<Login> {
  const { target, connection, logPath, signal } = options;
  const clock = new Clock(signal, options.timeoutMs ?? connection.connectTimeoutMs);
  const tries: Tries = { made: 0, counted: 0, said: null };
  let done = false;
  try {
    const made = await tryUntilDone(options, clock, tries);
    done = true;
    return made;
  } catch (error) {
    signal.throwIfAborted();
    if (!clock.expired || error instanceof ConnectFailure) throw error;
    const said = tries.said ?? lastLine((await readLog(logPath)) ?? '');
    const reason = `not connected within ${connection.connectTimeoutMs / 1000}s${said === null ? '' : ` (${said})`}`;
    throw new ConnectFailure(target, 'unreachable', 'ERR_CONNECT_TIMEOUT', reason, tries.made);
  } finally {
    clock.stop();
    options.inspect?.(target, (await readLog(logPath)) ?? '');
    // A living master writes on into it; nobody reads it any more, but a jump host's.
    if (!done || options.keepLog !== true) await rm(logPath, { force: true });
  }
}

async function tryUntilDone(options: LoginOptions, clock: Clock, tries: Tries): Promise<Login> {
  const { target, connection, controlPath } = options;
  const { signal } = clock;
  const persistSeconds = Math.max(SHORTEST_PERSIST_SECONDS, Math.ceil(connection.persistMs / 1000));
  const resolved = await options.resolve(target, signal);
  const session = sessionTraits(resolved);
  const users = options.usersMaster ? await liveUsersMaster(resolved) : null;
  signal.throwIfAborted();
  if (users !== null) {
    return { ...users, users: true, address: null, attempts: 0, persistSeconds, session, route: null };
  }
  let route: Route | null = null;
  try {
    for (;;) {
      route ??= (await options.findRoute?.(resolved, clock)) ?? null;
      const outcome = await tryOnce(options, { resolved, route, persistSeconds, tries, signal });
      if (outcome.ok) {
        const { pid, address } = outcome;
        const { made: attempts } = tries;
        return { controlPath, users: false, pid, address, attempts, persistSeconds, session, route };
      }
      const { status, code, reason, retry } = outcome.diagnosis;
      tries.said = reason;
      if (!retry || tries.counted > connection.connectRetries) {
        throw new ConnectFailure(target, status, code, reason, tries.made);
      }
      if (route !== null && !(await route.isAlive())) {
        await route.giveUp();
        route = null;
      }
      await pauseBeforeRetry(Math.max(1, tries.counted), signal);
    }
  } catch (error) {
    await route?.master.release();
    throw error;
  }
}

interface Try {
  readonly resolved: LoginConfig;
  readonly route: Route | null;
  readonly persistSeconds: number;
  readonly tries: Tries;
  readonly signal: AbortSignal;
}

async function tryOnce(options: LoginOptions, { resolved, route, tries, signal, ...rest }: Try) {
  const { target, connection, controlPath, logPath } = options;
  const unset = unsetOptions(resolved);
  const { gates = new Gates() } = options;
  const pass = await gates.of(serverOf(resolved, route)).enter(signal);
  tries.made += 1;
  options.onAttempt(tries.made);
  // Swept with the log, should we die.
  const passageLog = `${logPath}w`;
  const { isJump = false } = options;
  const questions = options.askpass?.questionsOf({ target, resolved, isJump });
  let ended: ProofOutcome = 'failed';
  try {
    const passage = await route?.attempt(resolved, passageLog);
    const { persistSeconds } = rest;
    const start = { target, connection, controlPath, logPath, persistSeconds, unset, signal };
    const proxy = passage === undefined ? {} : { proxyCommand: passage.proxyCommand };
    const asks = questions === undefined ? {} : { asks: questions.asking.options, env: questions.asking.env };
    const level = options.inspect === undefined ? {} : { logLevel: 'DEBUG1' as const };
    const outcome = judged(await startMaster({ ...start, ...proxy, ...asks, ...level }), questions);
    if (outcome.ok || outcome.loggedIn) ended = 'right';
    if (outcome.ok) {
      pass.leave('ok');
      return outcome;
    }
    const { diagnosis, loggedIn } = outcome;
    const fault = diagnosis.retry ? ((await passage?.fault()) ?? null) : null;
    const dropped = diagnosis.retry && fault === null && !loggedIn;
    const answered = pass.leave(dropped ? 'dropped' : 'other');
    if (!answered) tries.counted += 1;
    if (dropped && route === null && tries.counted === 1 && !answered) {
      const words = await proxyWords(target, connection, resolved, signal);
      return words === null ? outcome : { ok: false as const, diagnosis: words };
    }
    if (fault === null) return outcome;
    const { reason, lost: retry } = fault;
    return { ok: false, diagnosis: { status: 'unreachable', code: 'ERR_CONNECT', reason, retry } } as const;
  } finally {
    if (options.signal.aborted) ended = 'canceled';
    else if (signal.aborted) tries.said = questions?.waitsFor ?? tries.said;
    questions?.settle(ended);
    pass.leave('other');
    if (route !== null) await rm(passageLog, { force: true });
  }
}

/** What was asked tells more than ssh's log does. */
function judged(outcome: StartOutcome, questions: LoginQuestions | undefined): StartOutcome {
  if (outcome.ok || questions === undefined) return outcome;
  return { ...outcome, diagnosis: questions.judge(outcome.diagnosis) };
}

/** Whose patience with many logins at once it is: where ssh itself jumps, the jump host's. */
function serverOf({ proxyJump, hostname, port }: LoginConfig, route: Route | null): string {
  if (proxyJump !== null && route === null) return `jump ${proxyJump}`;
  return JSON.stringify([route?.label ?? null, hostname, port]);
}
