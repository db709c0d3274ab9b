import path from 'node:path';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { shortage } from '../core/shortage.js';
import { type Target, targetKey } from '../core/target.js';
import type { Askpass } from '../ssh/askpass.js';
import type { ConfigState } from '../ssh/config-state.js';
import { resolveConfig } from '../ssh/resolve.js';
import { AlikeResolver } from '../ssh/resolve-alike.js';
import { openAskpass } from './askpass-files.js';
import { Clock } from './clock.js';
import { aliveCheck, endMaster } from './control.js';
import { destinationHash } from './destination.js';
import { Gates } from './gate.js';
import { type JumpMaster, Jumps, type JumpWay, type Route } from './jumps.js';
import { ConnectFailure, login } from './login.js';
import { hashOf, masterName, newMasterId, parseSocketName, type SocketName } from './names.js';
import { Owner } from './owner.js';
import type { SessionTraits } from './session-traits.js';
import { closeSpares } from './spares.js';
import { MasterStore, recordOf } from './store.js';
import { hasDependents } from './via.js';

const ALIVE_DEADLINE_MS = 2_000;

/** A live master that this process holds. */
export interface Master {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly controlPath: string;
  /** Null: its record is missing. */
  readonly pid: number | null;
  readonly address: string | null;
  /** Null: its record is missing, or of a version that kept less. */
  readonly session: SessionTraits | null;
  /** Sessions that the server grants a connection, as earlier runs have learnt. Null: nothing is known. */
  readonly sessionCap: number | null;
  /** The user's own: it serves through `ssh -S`, and is not ours to close. */
  readonly users: boolean;
}

/** A host's share of its master, until it is handed back. */
export interface Lease {
  readonly master: Master;
  /** It was live already: no login was made. */
  readonly reused: boolean;
  /** Logins tried. */
  readonly attempts: number;
  /** The master is not to be used again: it is closed once all have handed it back. */
  retire(): void;
  /** Hands it back; closes the master where nothing is to persist. */
  release(): Promise<void>;
}

interface Held {
  /** Null: it is the user's own. */
  readonly name: SocketName | null;
  readonly master: Master;
  readonly reused: boolean;
  readonly attempts: number;
  /** The jump host's master that it goes through and that this process holds for it. */
  readonly route: Route | null;
  /** A jump host's: others go through it, perhaps those of another process. */
  readonly isJump: boolean;
}

/** With which options a master is started, and for whom. */
type Way = Omit<JumpWay, 'failed'> & { readonly isJump: boolean };

interface Entry {
  readonly key: string;
  readonly held: Promise<Held>;
  users: number;
  retired: boolean;
}

export interface PoolOptions {
  readonly folder: string;
  readonly connection: ConnectionOptions;
  readonly configState: ConfigState;
  /**
   * For whoever wants to know how logins go: each is made anew, whatever master lives, and what ssh logged of it at
   * DEBUG1 is told, however it ended.
   */
  readonly inspect?: (target: Target, log: string) => void;
}

/** The masters of one process: found, started, shared by its hosts, handed back at the end. */
export class MasterPool {
  /** Those that may still be given out. */
  private readonly current = new Map<string, Entry>();
  /** All that are not handed back. */
  private readonly entries = new Set<Entry>();
  /** Of these: with a live master of ours, started or taken up; the user's own are not ours to count. */
  private readonly live = new Set<Entry>();
  /** Masters that wait for somebody, by the hash of where they go. */
  private readonly free = new Map<string, SocketName[]>();
  private readonly ownLogins = new WeakSet<Master>();
  /** Hosts that the user's own master could not serve: they get one of ours. */
  private readonly passedOver = new Set<string>();
  private readonly gates = new Gates();
  private readonly alike: AlikeResolver;
  private readonly jumps = new Jumps((target, way, signal) => this.acquireJump(target, way, signal));
  private logs = 0;
  private closing = false;

  private constructor(
    private readonly options: PoolOptions,
    private readonly store: MasterStore,
    private readonly owner: Owner,
    /** Answers what the logins are asked. Null: nothing is asked. */
    readonly askpass: Askpass | null,
  ) {
    this.alike = new AlikeResolver(options.connection);
  }

  get connection(): ConnectionOptions {
    return this.options.connection;
  }

  static async open(options: PoolOptions): Promise<MasterPool> {
    const store = new MasterStore(options.folder);
    const owner = await Owner.open(options.folder);
    let askpass: Askpass | null = null;
    try {
      askpass = await openAskpass(store, owner.id, options.connection);
      const pool = new MasterPool(options, store, owner, askpass);
      await pool.look();
      return pool;
    } catch (error) {
      await askpass?.close();
      await owner.close();
      throw error;
    }
  }

  private async look(): Promise<void> {
    const { store, owner, free } = this;
    await store.sweep(owner.id);
    if (this.options.inspect !== undefined) return;
    for (const name of await store.sockets()) {
      if (name.owner === null) free.set(name.hash, [...(free.get(name.hash) ?? []), name]);
    }
  }

  /** A private file name for the log of one ssh; whoever asks removes it. */
  newLogPath(): string {
    this.logs += 1;
    return this.store.file(`s.${this.owner.id}.${this.logs}`);
  }

  /**
   * The target's master: ours of before if it lives, else a new login. However many ask at once, one is started.
   * @param onAttempt called before each login
   * @param prove works with a master of before, so that asking it first whether it lives is spared; one that makes
   *   this fail is replaced
   * @param timeoutMs what is left of the connect timeout
   * @param lane a target may have several masters at once, each with sessions of its own; from 1 on they are ours alone
   * @throws ConnectFailure, PsshError, or the signal's reason
   */
  async acquire(
    target: Target,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
    prove: (master: Master) => Promise<void> = (master) => this.ask(master),
    timeoutMs = this.connection.connectTimeoutMs,
    lane = 0,
  ): Promise<Lease> {
    const { connection } = this;
    if (!connection.mux) return noMaster(target, connection);
    const way = { connection, chain: [], timeoutMs, isJump: false };
    const key = lane === 0 ? entryKey(target) : JSON.stringify(['lane', lane, entryKey(target)]);
    // Two lanes over the user's own would share its sessions.
    if (lane > 0) this.passedOver.add(key);
    const obtain = () => this.obtain(target, key, way, signal, onAttempt, prove);
    const { held, ...share } = await this.share(key, obtain);
    const { master, reused, attempts } = held;
    return { master, reused, attempts, ...share };
  }

  /**
   * A jump host's, which is apart from that of a run on the jump host itself: a client in proxy mode and the `ssh -W`
   * of the hosts behind it don't go together. OpenSSH (to 9.2 at least) mixes up their channels' numbers, closes one
   * twice, and the server then ends the connection with all of them.
   */
  private async acquireJump(target: Target, way: JumpWay, signal: AbortSignal): Promise<JumpMaster> {
    const key = JSON.stringify(['jump', entryKey(target), way.connection.jump]);
    if (way.chain.includes(key)) throw new PsshError('ERR_CONNECT', 'its ProxyJump leads back to itself');
    const obtain = async (): Promise<Held> => {
      const prove = (master: Master) => this.ask(master);
      try {
        return await this.obtain(target, key, { ...way, isJump: true }, signal, () => undefined, prove);
      } catch (error) {
        way.failed(error);
        throw error;
      }
    };
    const { held, ...share } = await this.share(key, obtain);
    const { name, master } = held;
    const { controlPath } = master;
    if (name === null) return { controlPath, name: null, logFile: null, ...share };
    return { controlPath, name: masterName(name), logFile: this.store.logOf(name), ...share };
  }

  /** However many ask at once, one is obtained. */
  private async share(key: string, obtain: () => Promise<Held>) {
    let entry = this.current.get(key);
    if (entry === undefined) {
      entry = { key, held: obtain(), users: 0, retired: false };
      this.current.set(key, entry);
      this.entries.add(entry);
    }
    const mine = entry;
    mine.users += 1;
    try {
      const held = await mine.held;
      if (held.name !== null) this.live.add(mine);
      let released = false;
      return {
        held,
        retire: () => {
          if (held.master.users) this.passedOver.add(key);
          this.retire(mine);
        },
        release: async () => {
          if (released) return;
          released = true;
          await this.leave(mine);
        },
      };
    } catch (error) {
      this.retire(mine);
      this.entries.delete(mine);
      throw error;
    }
  }

  /** Keeps for later runs how many sessions the server grants. */
  learnCap(master: Master, cap: number): void {
    const name = parseSocketName(path.basename(master.controlPath));
    // Over an older master sessions of an earlier run may have stood in the way. A full disk: the next run learns it.
    if (name !== null && this.ownLogins.has(master))
      void this.store.writeCap(name.hash, cap).catch(() => undefined);
  }

  /** Whether the master still answers. */
  async isAlive(master: Master): Promise<boolean> {
    return this.ask(master).then(
      () => true,
      () => false,
    );
  }

  /** @throws ControlError where it does not answer */
  async ask(master: Master): Promise<void> {
    await aliveCheck(master.controlPath, ALIVE_DEADLINE_MS);
  }

  /** Hands every master back, or closes it where nothing is to persist or another free one waits already. */
  async close(): Promise<void> {
    this.closing = true;
    this.current.clear();
    const entries = [...this.entries];
    // Each brings the jump hosts that it went through with it; what is still in use comes last.
    await Promise.all(entries.map((entry) => (entry.users === 0 ? this.end(entry) : undefined)));
    await Promise.all(entries.map((entry) => this.end(entry)));
    if (this.options.connection.persistMs > 0) {
      const held = await Promise.all(entries.map((entry) => entry.held.catch(() => null)));
      // Of jump hosts each may have hosts behind it.
      const names = held.map((one) => (one === null || one.isJump ? null : one.name));
      const hashes = new Set(names.flatMap((name) => (name === null ? [] : [name.hash])));
      await closeSpares(this.store, this.owner.id, hashes);
    }
    await this.askpass?.close();
    await this.owner.close();
  }

  private retire(entry: Entry): void {
    entry.retired = true;
    if (this.current.get(entry.key) === entry) this.current.delete(entry.key);
  }

  private async leave(entry: Entry): Promise<void> {
    entry.users -= 1;
    const { persistMs, maxMasters } = this.options.connection;
    const persists = persistMs > 0 && !entry.retired && !this.closing && this.live.size <= maxMasters;
    if (entry.users === 0 && !persists) await this.end(entry);
  }

  /** Hands an entry's master back or closes it, then lets go of the jump host's that it went through. */
  private async end(entry: Entry): Promise<void> {
    if (!this.entries.delete(entry)) return;
    const { retired } = entry;
    this.live.delete(entry);
    this.retire(entry);
    const held = await entry.held.catch(() => null);
    if (held === null) return;
    await this.handBack(held, this.closing && !retired, retired);
    await held.route?.master.release();
  }

  private async handBack({ name, master, isJump }: Held, keep: boolean, retired: boolean): Promise<void> {
    if (name === null) return;
    const persists = keep && this.options.connection.persistMs > 0;
    // Masters of other runs that go through it would end with it.
    const needed = isJump && !retired && (await hasDependents(this.store, name));
    if ((persists || needed) && this.store.take(name, null) !== null) return;
    await endMaster(master.controlPath, master.pid, ALIVE_DEADLINE_MS);
    await this.store.remove(name);
  }

  private async obtain(
    target: Target,
    key: string,
    way: Way,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
    prove: (master: Master) => Promise<void>,
  ): Promise<Held> {
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
    const name = { hash, id: newMasterId(), owner: this.owner.id };
    return this.logIn(target, key, name, { ...way, chain: [...way.chain, key] }, signal, onAttempt);
  }

  /** Asking ssh (`Match exec`) counts as connecting: the same clock ends it. */
  private async hash(target: Target, way: Way, signal: AbortSignal): Promise<string> {
    const { connection, timeoutMs } = way;
    const { configState } = this.options;
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
    const mine = await this.store.takeAs(name, this.owner.id, hash);
    if (mine === null) return null;
    const controlPath = this.store.pathOf(mine);
    const record = this.store.readRecord(mine);
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
        this.store.take(mine, null);
        throw signal.aborted ? signal.reason : error;
      }
      // Dead, stopped or not a master at all: its files go, a new login takes its place.
      await endMaster(controlPath, pid, ALIVE_DEADLINE_MS);
      await this.store.remove(mine);
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
    const controlPath = this.store.pathOf(name);
    try {
      await this.askpass?.prepare();
      const made = await login({
        target,
        connection,
        controlPath,
        logPath: isJump ? this.store.logOf(name) : this.newLogPath(),
        keepLog: isJump,
        resolve: (asked, until) =>
          // What ssh asks names the host as only ssh itself can tell.
          connection === this.options.connection && this.askpass === null
            ? this.alike.resolve(asked, until)
            : resolveConfig(asked, connection, until),
        usersMaster: wantsUsersMaster(connection, isJump) && !this.passedOver.has(key),
        timeoutMs,
        signal,
        findRoute: (resolved, clock) =>
          this.jumps.route(resolved, { target, connection, chain, clock, signal }),
        askpass: this.askpass,
        isJump,
        gates: this.gates,
        ...(this.options.inspect === undefined ? {} : { inspect: this.options.inspect }),
        onAttempt,
      });
      const { pid, address, attempts, session, route } = made;
      if (made.users) {
        const { controlPath: theirs } = made;
        const kept = { session, pid, address, sessionCap: null, users: true };
        const master = { target, connection, controlPath: theirs, ...kept };
        return { name: null, master, reused: true, attempts, route, isJump };
      }
      const sessionCap = await this.store.readCap(name.hash);
      const via = route === null ? {} : { via: { label: route.label, master: route.master.name } };
      const record = { ...recordOf(target, connection, made), sessionCap, ...via };
      // On a full disk the master serves all the same; later runs ask ssh for what is not on record.
      await this.store.writeRecord(name, record).catch(() => undefined);
      const master = { target, connection, controlPath, pid, address, session, sessionCap, users: false };
      this.ownLogins.add(master);
      return { name, master, reused: false, attempts, route, isJump };
    } catch (error) {
      await this.store.remove(name);
      throw error;
    }
  }
}

/** `--no-mux`: each command logs in for itself. */
function noMaster(target: Target, connection: ConnectionOptions): Lease {
  const none = { controlPath: '', pid: 0, address: null, session: null, sessionCap: null, users: false };
  const nothing = (): void => undefined;
  return {
    master: { target, connection, ...none },
    reused: false,
    attempts: 0,
    retire: nothing,
    release: async () => nothing(),
  };
}

function entryKey(target: Target): string {
  return target.sshOptions === undefined
    ? targetKey(target)
    : JSON.stringify([targetKey(target), target.sshOptions]);
}

/**
 * Over the user's own master only `ssh -S` works: what proxy mode does to a master at times is not his risk to bear.
 * Jumps are through `ssh -S` anyway.
 */
function wantsUsersMaster({ ownMasters, transport }: ConnectionOptions, isJump: boolean): boolean {
  return !ownMasters && (isJump || transport !== 'mux');
}
