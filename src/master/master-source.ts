import path from 'node:path';
import type { ConnectionOptions } from '../core/options.js';
import { shortage } from '../core/shortage.js';
import type { Target } from '../core/target.js';
import type { Askpass } from '../ssh/askpass.js';
import { resolveConfig } from '../ssh/resolve.js';
import { AlikeResolver } from '../ssh/resolve-alike.js';
import { Clock } from './clock.js';
import { ALIVE_DEADLINE_MS, endMaster } from './control.js';
import { destinationHash } from './destination.js';
import { Gates } from './gate.js';
import type { Held, Master, Way } from './held.js';
import type { Jumps } from './jumps.js';
import { ConnectFailure, login } from './login.js';
import { hashOf, newMasterId, parseSocketName, type SocketName } from './names.js';
import type { PoolOptions } from './pool.js';
import { type MasterStore, recordOf } from './store.js';

export interface MasterSourceOptions {
  readonly pool: PoolOptions;
  readonly store: MasterStore;
  /** Our own name in the names of sockets. */
  readonly owner: string;
  /** Answers what the logins are asked. Null: nothing is asked. */
  readonly askpass: Askpass | null;
  readonly jumps: Jumps;
  /** Keys of hosts that the user's own master is not to serve. */
  readonly passedOver: ReadonlySet<string>;
  readonly newLogPath: () => string;
}

/** For whom a master is wanted. */
export interface Wanted {
  readonly target: Target;
  /** Of all that share it. */
  readonly key: string;
  readonly way: Way;
  readonly signal: AbortSignal;
  /** Called before each login. */
  readonly onAttempt: (attempt: number) => void;
  /** Works with a master of before; one that makes this fail is replaced. */
  readonly prove: (master: Master) => Promise<void>;
}

/** Where masters come from: one of before that waits for somebody, or a new login. */
export class MasterSource {
  /** Masters that wait for somebody, by the hash of where they go. */
  private readonly free = new Map<string, SocketName[]>();
  private readonly ownLogins = new WeakSet<Master>();
  private readonly gates = new Gates();
  private readonly alike: AlikeResolver;

  constructor(private readonly options: MasterSourceOptions) {
    this.alike = new AlikeResolver(options.pool.connection);
  }

  /** Looks for those that wait. */
  async look(): Promise<void> {
    const { store, owner, pool } = this.options;
    await store.sweep(owner);
    if (pool.inspect !== undefined) return;
    for (const name of store.sockets()) {
      if (name.owner === null) this.free.set(name.hash, [...(this.free.get(name.hash) ?? []), name]);
    }
  }

  /** @throws ConnectFailure, PsshError, or the signal's reason */
  async obtain({ target, key, way, signal, onAttempt, prove }: Wanted): Promise<Held> {
    const plain = await this.hash(target, way, signal);
    const hash = way.isJump ? hashOf(['jump', plain]) : plain;
    // One that was made for commands may become a jump host's (`masters open` answers what that one can't), but never
    // the other way round.
    for (const waiting of [hash, plain].map((one) => this.free.get(one) ?? [])) {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const held = await this.takeUp(target, way, { name, hash }, signal, prove);
        if (held !== null) return held;
      }
    }
    const name = { hash, id: newMasterId(), owner: this.options.owner };
    return this.logIn(target, key, name, { ...way, chain: [...way.chain, key] }, signal, onAttempt);
  }

  /** Asking ssh (`Match exec`) counts as connecting: the same clock ends it. */
  private async hash(target: Target, way: Way, signal: AbortSignal): Promise<string> {
    const { connection, timeoutMs } = way;
    const { configState } = this.options.pool;
    if (!configState.asksMore && target.sshOptions === undefined) {
      return destinationHash(target, connection, configState, signal);
    }
    const clock = new Clock(signal, timeoutMs);
    try {
      return await destinationHash(target, connection, configState, clock.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!clock.expired) throw error;
      const reason = `ssh -G gave no answer within ${connection.connectTimeoutMs / 1000}s (a Match exec of its config?)`;
      throw new ConnectFailure(target, 'unreachable', 'ERR_CONNECT_TIMEOUT', reason, 0);
    } finally {
      clock.stop();
    }
  }

  private async takeUp(
    target: Target,
    { connection, isJump }: Way,
    { name, hash }: { readonly name: SocketName; readonly hash: string },
    signal: AbortSignal,
    prove: (master: Master) => Promise<void>,
  ): Promise<Held | null> {
    const mine = await this.options.store.takeAs(name, this.options.owner, hash);
    if (mine === null) return null;
    const controlPath = this.options.store.pathOf(mine);
    const record = this.options.store.readRecord(mine);
    const { address = null, session = null, pid = null, sessionCap = null } = record ?? {};
    const master = { target, connection, controlPath, pid, address, session, sessionCap, users: false };
    try {
      // Cut by a full disk: what the sessions want is not known, and a new login tells.
      if (record === null) throw new Error('the master has no record');
      await prove(master);
      // Of the jump host it needs nothing any more: its way through stands.
      return { name: mine, master, reused: true, attempts: 0, route: null, isJump };
    } catch (error) {
      if (signal.aborted || shortage(error) !== null) {
        this.options.store.take(mine, null);
        throw signal.aborted ? signal.reason : error;
      }
      // Dead, stopped or not a master at all: its files go, a new login takes its place.
      await endMaster(controlPath, pid, ALIVE_DEADLINE_MS);
      await this.options.store.remove(mine);
      return null;
    }
  }

  private async logIn(
    target: Target,
    key: string,
    name: SocketName,
    way: Way,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
  ): Promise<Held> {
    const { connection, chain, timeoutMs, isJump } = way;
    const controlPath = this.options.store.pathOf(name);
    try {
      await this.options.askpass?.prepare();
      const made = await login({
        target,
        connection,
        controlPath,
        logPath: isJump ? this.options.store.logOf(name) : this.options.newLogPath(),
        keepLog: isJump,
        resolve: (asked, until) =>
          // What ssh asks names the host as only ssh itself can tell.
          connection === this.options.pool.connection && this.options.askpass === null
            ? this.alike.resolve(asked, until)
            : resolveConfig(asked, connection, until),
        usersMaster: wantsUsersMaster(connection, isJump) && !this.options.passedOver.has(key),
        timeoutMs,
        signal,
        findRoute: (resolved, clock) =>
          this.options.jumps.route(resolved, { target, connection, chain, clock, signal }),
        askpass: this.options.askpass,
        isJump,
        gates: this.gates,
        ...(this.options.pool.inspect === undefined ? {} : { inspect: this.options.pool.inspect }),
        onAttempt,
      });
      const { pid, address, attempts, session, route } = made;
      if (made.users) {
        const { controlPath: theirs } = made;
        const kept = { session, pid, address, sessionCap: null, users: true };
        const master = { target, connection, controlPath: theirs, ...kept };
        return { name: null, master, reused: true, attempts, route, isJump };
      }
      const sessionCap = await this.options.store.readCap(name.hash);
      const via = route === null ? {} : { via: { label: route.label, master: route.master.name } };
      const record = { ...recordOf(target, connection, made), sessionCap, ...via };
      // On a full disk the master serves all the same; later runs ask ssh for what is not on record.
      await this.options.store.writeRecord(name, record).catch(() => undefined);
      const master = { target, connection, controlPath, pid, address, session, sessionCap, users: false };
      this.ownLogins.add(master);
      return { name, master, reused: false, attempts, route, isJump };
    } catch (error) {
      await this.options.store.remove(name);
      throw error;
    }
  }

  /** Keeps for later runs how many sessions the server grants. */
  learnCap(master: Master, cap: number): void {
    const name = parseSocketName(path.basename(master.controlPath));
    // Over an older master sessions of an earlier run may have stood in the way. A full disk: the next run learns it.
    if (name !== null && this.ownLogins.has(master))
      void this.options.store.writeCap(name.hash, cap).catch(() => undefined);
  }
}

/**
 * Over the user's own master only `ssh -S` works: what proxy mode does to a master at times is not his risk to bear.
 * Jumps are through `ssh -S` anyway.
 */
function wantsUsersMaster({ ownMasters, transport }: ConnectionOptions, isJump: boolean): boolean {
  return !ownMasters && (isJump || transport !== 'mux');
}
