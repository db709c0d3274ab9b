import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { masterArgs } from '../ssh/argv.js';
import type { Askpass } from '../ssh/askpass.js';
import { readConfigState } from '../ssh/config-state.js';
import { resolveConfig } from '../ssh/resolve.js';
import type { LoginConfig } from '../ssh/resolve-alike.js';
import { runSshOnTerminal } from '../ssh/spawn.js';
import { unsetOptions } from '../ssh/unset-options.js';
import { openAskpass } from './askpass-files.js';
import { Clock } from './clock.js';
import { ALIVE_DEADLINE_MS, aliveCheck, terminateMaster } from './control.js';
import { destinationHash } from './destination.js';
import { Jumps } from './jumps.js';
import { ConnectFailure, type Login, login } from './login.js';
import { newMasterId, type SocketName } from './names.js';
import { type JumpLogin, OpenJumps } from './open-jumps.js';
import { Owner, ownerPid } from './owner.js';
import { sessionTraits } from './session-traits.js';
import { MasterStore, recordOf } from './store.js';
import { liveUsersMaster } from './users-master.js';

// What a timer can wait for.
const LONGEST_MS = 2 ** 31 - 1;

/** What became of one host. */
export type Opened =
  | { readonly kind: 'opened'; readonly pid: number }
  /** One of ours was open already; `usedBy`: a pssh-ts that works with it. */
  | { readonly kind: 'live'; readonly pid: number | null; readonly usedBy: number | null }
  /** The user's own master serves later runs as well. */
  | { readonly kind: 'users'; readonly pid: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface OpenRequest {
  readonly folder: string;
  readonly targets: readonly Target[];
  readonly connection: ConnectionOptions;
  /** ssh asks on our terminal; else nothing is asked but what `connection.secrets` answers. */
  readonly prompts: boolean;
  readonly signal: AbortSignal;
  /** Told before ssh may ask something. */
  readonly onLogin: (target: Target) => void;
  readonly onOpened: (target: Target, opened: Opened) => void;
}

/**
 * Logs in to each target in turn, one at a time, and leaves a master of ours for later runs. Jump hosts get one each, that
 * the targets behind them go through.
 */
export async function openMasters(request: OpenRequest): Promise<void> {
  const { connection } = request;
  const owner = await Owner.open(request.folder);
  let askpass: Askpass | null = null;
  const store = new MasterStore(request.folder);
  const logIn = (job: Omit<Job, keyof Tools>): Promise<Login> => logInTo({ ...job, ...tools });
  const opened = new OpenJumps({ store, owner: owner.id, logIn: (jump) => logIn({ ...jump, isJump: true }) });
  const jumps = new Jumps((target, way, signal) => opened.acquire(target, way, signal));
  let tools: Tools = { ...request, store, askpass, jumps };
  try {
    await store.sweep(owner.id);
    askpass = await openAskpass(store, owner.id, connection);
    await askpass?.prepare();
    tools = { ...tools, askpass };
    for (const target of request.targets) {
      if (request.signal.aborted) return;
      const result = await openOne(target, store, owner.id, { request, opened, logIn }).catch(
        (error: unknown) => {
          if (!(error instanceof PsshError)) throw error;
          return { kind: 'failed', reason: error.message } as const;
        },
      );
      // What was cut short by ^C is neither open nor failed.
      if (request.signal.aborted && result.kind === 'failed') return;
      request.onOpened(target, result);
    }
  } finally {
    opened.handBack();
    await askpass?.close();
    await owner.close();
  }
}

interface Tools extends Pick<OpenRequest, 'prompts' | 'signal' | 'onLogin'> {
  readonly store: MasterStore;
  readonly askpass: Askpass | null;
  readonly jumps: Jumps;
}

/** One login, to a target or a jump host. */
interface Job extends JumpLogin, Tools {
  readonly isJump: boolean;
}

interface Opening {
  readonly request: OpenRequest;
  readonly opened: OpenJumps;
  readonly logIn: (job: JumpLogin & { readonly isJump: boolean }) => Promise<Login>;
}

async function openOne(
  target: Target,
  store: MasterStore,
  owner: string,
  { request: { connection, signal }, opened, logIn }: Opening,
): Promise<Opened> {
  const hash = await destinationHash(target, connection, readConfigState(connection), signal);
  opened.keep(hash);
  const live = await liveOne(store, hash, owner);
  if (live !== null) return live;
  const name: SocketName = { hash, id: newMasterId(), owner };
  try {
    const { users, pid } = await logIn({ target, connection, name, chain: [], isJump: false });
    if (users) return { kind: 'users', pid };
    await store.take(name, null);
    return { kind: 'opened', pid };
  } catch (error) {
    if (signal.aborted) return { kind: 'failed', reason: 'given up' };
    throw error;
  }
}

/** Leaves a master with its record, or finds one of the user's own. @throws PsshError, and leaves nothing */
async function logInTo(job: Job): Promise<Login> {
  const { target, connection, name, store, prompts } = job;
  try {
    const made = await (prompts ? ask : logInQuietly)(job);
    const via =
      made.route === null ? {} : { via: { label: made.route.label, master: made.route.master.name } };
    if (!made.users) await store.writeRecord(name, { ...recordOf(target, connection, made), ...via });
    return made;
  } catch (error) {
    await terminateMaster(store.pathOf(name), ALIVE_DEADLINE_MS).catch(() => undefined);
    await store.remove(name);
    throw error;
  }
}

/** A live master of ours, left as it was. */
async function liveOne(store: MasterStore, hash: string, owner: string): Promise<Opened | null> {
  for (const name of store.sockets().filter((one) => one.hash === hash)) {
    if (name.owner !== null) {
      const usedBy = await ownerPid(store.folder, name.owner);
      if (usedBy !== null) return { kind: 'live', pid: null, usedBy };
    }
    const mine = await store.take(name, owner);
    if (mine === null) continue;
    try {
      const pid = await aliveCheck(store.pathOf(mine), ALIVE_DEADLINE_MS);
      await store.take(mine, null);
      return { kind: 'live', pid, usedBy: null };
    } catch {
      await store.remove(mine);
    }
  }
  return null;
}

const logOf = ({ store, name, isJump }: Job): string =>
  isJump ? store.logOf(name) : store.file(`s.${name.owner}.1`);

function logInQuietly(job: Job): Promise<Login> {
  const { target, connection, store, name, chain, isJump, askpass, jumps, signal, onLogin } = job;
  return login({
    target,
    connection,
    controlPath: store.pathOf(name),
    logPath: logOf(job),
    keepLog: isJump,
    resolve: (asked, until) => resolveConfig(asked, connection, until),
    usersMaster: !connection.ownMasters,
    findRoute: (resolved, clock) => jumps.route(resolved, { target, connection, chain, clock, signal }),
    askpass,
    isJump,
    signal,
    onAttempt: () => onLogin(target),
  });
}

/** ssh asks on our terminal, says there what it has to say, and goes to the background once it is logged in. */
async function ask(job: Job): Promise<Login> {
  const { target, connection, store, name, signal, onLogin } = job;
  const resolved = await resolveConfig(target, connection, signal);
  const session = sessionTraits(resolved);
  const persistSeconds = Math.ceil(connection.persistMs / 1000);
  const made = { persistSeconds, session, address: null };
  const users = connection.ownMasters ? null : await liveUsersMaster(resolved);
  if (users !== null) return { ...made, ...users, users: true, attempts: 0, route: null };
  const route = await routeOf(job, resolved);
  onLogin(target);
  const passageLog = `${logOf(job)}w`;
  const controlPath = store.pathOf(name);
  try {
    const passage = await route?.attempt(resolved, passageLog);
    const args = masterArgs({
      target,
      connection,
      controlPath,
      logPath: '',
      prompts: true,
      persistSeconds,
      unset: unsetOptions(resolved),
      ...(passage === undefined ? {} : { proxyCommand: passage.proxyCommand }),
    });
    const { code, signal: killedBy } = await runSshOnTerminal(args, signal);
    // Our own signal may come a moment after that of the ssh beside us.
    if (killedBy === 'SIGINT') await pause(200, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    if (code !== 0) {
      const reason = (await passage?.fault())?.reason ?? 'ssh could not log in; its reason stands above';
      throw new ConnectFailure(target, 'unreachable', 'ERR_CONNECT', reason, 1);
    }
  } finally {
    await rm(passageLog, { force: true });
  }
  const pid = await aliveCheck(controlPath, ALIVE_DEADLINE_MS);
  return { ...made, controlPath, users: false, pid, attempts: 1, route };
}

/** The way through a jump host, of which ssh may ask something too: that takes the time it takes. */
async function routeOf({ target, connection, chain, jumps, signal }: Job, resolved: LoginConfig) {
  const clock = new Clock(signal, LONGEST_MS);
  try {
    return await jumps.route(resolved, { target, connection, chain, clock, signal });
  } finally {
    clock.stop();
  }
}
