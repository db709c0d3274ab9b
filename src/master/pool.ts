import path from 'node:path';
import type { ConnectionOptions } from '../core/options.js';
import { shortage } from '../core/shortage.js';
import { type Target, targetKey } from '../core/target.js';
import type { ConfigState } from '../ssh/config-state.js';
import { Clock } from './clock.js';
import { aliveCheck, endMaster } from './control.js';
import { destinationHash } from './destination.js';
import { ConnectFailure, login } from './login.js';
import { newMasterId, parseSocketName, type SocketName } from './names.js';
import { Owner } from './owner.js';
import type { SessionTraits } from './session-traits.js';
import { MasterStore } from './store.js';

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
  readonly name: SocketName;
  readonly master: Master;
  readonly reused: boolean;
  readonly attempts: number;
}

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
}

/** The masters of one process: found, started, shared by its hosts, handed back at the end. */
export class MasterPool {
  /** Those that may still be given out. */
  private readonly current = new Map<string, Entry>();
  /** All that are not handed back. */
  private readonly entries = new Set<Entry>();
  /** Masters that wait for somebody, by the hash of where they go. */
  private readonly free = new Map<string, SocketName[]>();
  private readonly ownLogins = new WeakSet<Master>();
  private logs = 0;

  private constructor(
    private readonly options: PoolOptions,
    private readonly store: MasterStore,
    private readonly owner: Owner,
  ) {}

  static async open(options: PoolOptions): Promise<MasterPool> {
    const store = new MasterStore(options.folder);
    const owner = await Owner.open(options.folder);
    const pool = new MasterPool(options, store, owner);
    try {
      await pool.look();
      return pool;
    } catch (error) {
      await owner.close();
      throw error;
    }
  }

  private async look(): Promise<void> {
    const { store, owner, free } = this;
    await store.sweep(owner.id);
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
   * @throws ConnectFailure, PsshError, or the signal's reason
   */
  async acquire(
    target: Target,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
    prove: (master: Master) => Promise<void> = (master) => this.ask(master),
  ): Promise<Lease> {
    const key =
      target.sshOptions === undefined
        ? targetKey(target)
        : JSON.stringify([targetKey(target), target.sshOptions]);
    let entry = this.current.get(key);
    if (entry === undefined) {
      entry = { key, held: this.obtain(target, signal, onAttempt, prove), users: 0, retired: false };
      this.current.set(key, entry);
      this.entries.add(entry);
    }
    const mine = entry;
    mine.users += 1;
    try {
      const { master, reused, attempts } = await mine.held;
      let released = false;
      return {
        master,
        reused,
        attempts,
        retire: () => this.retire(mine),
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
    const entries = [...this.entries];
    this.entries.clear();
    this.current.clear();
    // The folder itself may be gone.
    const left = await this.store.sockets().catch(() => []);
    const waiting = new Set(left.flatMap(({ hash, owner }) => (owner === null ? hash : [])));
    await Promise.all(
      entries.map((entry) =>
        entry.held.then(
          (held) => this.handBack(held, !entry.retired && !waiting.has(held.name.hash)),
          () => undefined,
        ),
      ),
    );
    await this.owner.close();
  }

  private retire(entry: Entry): void {
    entry.retired = true;
    if (this.current.get(entry.key) === entry) this.current.delete(entry.key);
  }

  private async leave(entry: Entry): Promise<void> {
    entry.users -= 1;
    const persists = this.options.connection.persistMs > 0 && !entry.retired;
    if (entry.users > 0 || persists || !this.entries.delete(entry)) return;
    this.retire(entry);
    await this.handBack(await entry.held, false);
  }

  private async handBack({ name, master }: Held, keep: boolean): Promise<void> {
    const persists = keep && this.options.connection.persistMs > 0;
    if (persists && this.store.take(name, null) !== null) return;
    await endMaster(master.controlPath, master.pid, ALIVE_DEADLINE_MS);
    await this.store.remove(name);
  }

  private async obtain(
    target: Target,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
    prove: (master: Master) => Promise<void>,
  ): Promise<Held> {
    const hash = await this.hash(target, signal);
    const waiting = this.free.get(hash) ?? [];
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const held = await this.takeUp(target, name, signal, prove);
      if (held !== null) return held;
    }
    return this.logIn(target, { hash, id: newMasterId(), owner: this.owner.id }, signal, onAttempt);
  }

  /** Asking ssh (`Match exec`) counts as connecting: the same clock ends it. */
  private async hash(target: Target, signal: AbortSignal): Promise<string> {
    const { connection, configState } = this.options;
    if (!configState.asksMore && target.sshOptions === undefined) {
      return destinationHash(target, connection, configState, signal);
    }
    const clock = new Clock(signal, connection.connectTimeoutMs);
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
    name: SocketName,
    signal: AbortSignal,
    prove: (master: Master) => Promise<void>,
  ): Promise<Held | null> {
    const mine = this.store.take(name, this.owner.id);
    if (mine === null) return null;
    const { connection } = this.options;
    const controlPath = this.store.pathOf(mine);
    const record = this.store.readRecord(mine);
    const { address = null, session = null, pid = null, sessionCap = null } = record ?? {};
    const master = { target, connection, controlPath, pid, address, session, sessionCap };
    try {
      // Cut by a full disk: what the sessions want is not known, and a new login tells.
      if (record === null) throw new Error('the master has no record');
      await prove(master);
      return { name: mine, master, reused: true, attempts: 0 };
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
    name: SocketName,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
  ): Promise<Held> {
    const { connection } = this.options;
    const controlPath = this.store.pathOf(name);
    try {
      const made = await login({
        target,
        connection,
        controlPath,
        logPath: this.newLogPath(),
        signal,
        onAttempt,
      });
      const { pid, address, attempts, persistSeconds, session } = made;
      const sessionCap = await this.store.readCap(name.hash);
      const record = {
        host: target.host,
        user: target.user ?? connection.user ?? null,
        port: target.port ?? connection.port ?? null,
        label: target.label,
        pid,
        startedAt: new Date().toISOString(),
        persistSeconds,
        address,
        session,
        sessionCap,
      };
      // On a full disk the master serves all the same; later runs ask ssh for what is not on record.
      await this.store.writeRecord(name, record).catch(() => undefined);
      const master = { target, connection, controlPath, pid, address, session, sessionCap };
      this.ownLogins.add(master);
      return { name, master, reused: false, attempts };
    } catch (error) {
      await this.store.remove(name);
      throw error;
    }
  }
}
