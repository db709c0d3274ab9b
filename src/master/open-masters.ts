import { setTimeout as pause } from 'node:timers/promises';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { masterArgs } from '../ssh/argv.js';
import type { Askpass } from '../ssh/askpass.js';
import { readConfigState } from '../ssh/config-state.js';
import { resolveConfig } from '../ssh/resolve.js';
import { runSshOnTerminal } from '../ssh/spawn.js';
import { unsetOptions } from '../ssh/unset-options.js';
import { openAskpass } from './askpass-files.js';
import { ALIVE_DEADLINE_MS, aliveCheck, terminateMaster } from './control.js';
import { destinationHash } from './destination.js';
import { type Login, login } from './login.js';
import { newMasterId, type SocketName } from './names.js';
import { Owner, ownerPid } from './owner.js';
import { sessionTraits } from './session-traits.js';
import { MasterStore, recordOf } from './store.js';
import { liveUsersMaster } from './users-master.js';

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

/** Logs in to each target in turn, one at a time, and leaves a master of ours for later runs. */
export async function openMasters(request: OpenRequest): Promise<void> {
  const owner = await Owner.open(request.folder);
  let askpass: Askpass | null = null;
  try {
    const store = new MasterStore(request.folder);
    await store.sweep(owner.id);
    askpass = await openAskpass(store, owner.id, request.connection);
    await askpass?.prepare();
    for (const target of request.targets) {
      if (request.signal.aborted) return;
      const opened = await openOne(target, store, owner.id, { ...request, askpass }).catch(
        (error: unknown) => {
          if (!(error instanceof PsshError)) throw error;
          return { kind: 'failed', reason: error.message } as const;
        },
      );
      // What was cut short by ^C is neither open nor failed.
      if (request.signal.aborted && opened.kind === 'failed') return;
      request.onOpened(target, opened);
    }
  } finally {
    await askpass?.close();
    await owner.close();
  }
}

interface Opening extends OpenRequest {
  readonly askpass: Askpass | null;
}

async function openOne(target: Target, store: MasterStore, owner: string, request: Opening): Promise<Opened> {
  const { connection, signal } = request;
  const hash = await destinationHash(target, connection, readConfigState(connection), signal);
  const live = await liveOne(store, hash, owner);
  if (live !== null) return live;
  const name: SocketName = { hash, id: newMasterId(), owner };
  try {
    const made = await (request.prompts ? ask : logInQuietly)(target, store, name, request);
    if ('kind' in made) return made;
    await store.writeRecord(name, recordOf(target, connection, made));
    await store.take(name, null);
    return { kind: 'opened', pid: made.pid };
  } catch (error) {
    await terminateMaster(store.pathOf(name), ALIVE_DEADLINE_MS).catch(() => undefined);
    await store.remove(name);
    if (signal.aborted) return { kind: 'failed', reason: 'given up' };
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

async function logInQuietly(
  target: Target,
  store: MasterStore,
  name: SocketName,
  { connection, signal, onLogin, askpass }: Opening,
): Promise<Login | Opened> {
  const made = await login({
    target,
    connection,
    controlPath: store.pathOf(name),
    logPath: store.file(`s.${name.owner}.1`),
    resolve: (asked, until) => resolveConfig(asked, connection, until),
    usersMaster: !connection.ownMasters,
    askpass,
    signal,
    onAttempt: () => onLogin(target),
  });
  return made.users ? { kind: 'users', pid: made.pid } : made;
}

/** ssh asks on our terminal, says there what it has to say, and goes to the background once it is logged in. */
async function ask(
  target: Target,
  store: MasterStore,
  name: SocketName,
  { connection, signal, onLogin }: OpenRequest,
): Promise<Login | Opened> {
  const resolved = await resolveConfig(target, connection, signal);
  const users = connection.ownMasters ? null : await liveUsersMaster(resolved);
  if (users !== null) return { kind: 'users', pid: users.pid };
  const controlPath = store.pathOf(name);
  const persistSeconds = Math.ceil(connection.persistMs / 1000);
  const unset = unsetOptions(resolved);
  onLogin(target);
  const args = masterArgs({
    target,
    connection,
    controlPath,
    logPath: '',
    prompts: true,
    persistSeconds,
    unset,
  });
  const { code, signal: killedBy } = await runSshOnTerminal(args, signal);
  // Our own signal may come a moment after that of the ssh beside us.
  if (killedBy === 'SIGINT') await pause(200, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
  if (code !== 0) return { kind: 'failed', reason: 'ssh could not log in; its reason stands above' };
  const pid = await aliveCheck(controlPath, ALIVE_DEADLINE_MS);
  const session = sessionTraits(resolved);
  return { controlPath, users: false, pid, address: null, attempts: 1, persistSeconds, session, route: null };
}
