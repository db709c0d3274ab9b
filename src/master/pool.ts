import type { ConnectionOptions } from '../core/options.js';
import { type Target, targetKey } from '../core/target.js';
import type { ConfigState } from '../ssh/config-state.js';
import { Clock } from './clock.js';
import { aliveCheck, terminateMaster } from './control.js';
import { destinationHash } from './destination.js';
import { ConnectFailure, login } from './login.js';
import { newMasterId, type SocketName } from './names.js';
import { Owner } from './owner.js';
import type { SessionTraits } from './session-traits.js';
import { closeSpares } from './spares.js';
import { MasterStore, recordOf } from './store.js';

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
  /** Of these: with a live master of ours, started or taken up; the user's own are not ours to count. */
  private readonly live = new Set<Entry>();
  /** Masters that wait for somebody, by the hash of where they go. */
  private readonly free = new Map<string, SocketName[]>();
  /** Hosts that the user's own master could not serve: they get one of ours. */
  private readonly passedOver = new Set<string>();
  private logs = 0;

  private constructor(
    private readonly options: PoolOptions,
    private readonly store: MasterStore,
    private readonly owner: Owner,
  ) {}

  static async open(options: PoolOptions): Promise<MasterPool> {
    const store = new MasterStore(options.folder);
    const owner = await Owner.open(options.folder);
    await store.sweep(owner.id);
    const pool = new MasterPool(options, store, owner);
    for (const name of await store.sockets()) {
      if (name.owner === null) pool.free.set(name.hash, [...(pool.free.get(name.hash) ?? []), name]);
    }
    return pool;
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
    if (!this.options.connection.mux) return noMaster(target, this.options.connection);
    const key = entryKey(target);
    let entry = this.current.get(key);
    if (entry === undefined) {
      entry = { key, held: this.obtain(target, signal, onAttempt, prove), users: 0, retired: false };
      this.current.set(key, entry);
      this.entries.add(entry);
    }
    const mine = entry;
    mine.users += 1;
    try {
      const { name, master, reused, attempts } = await mine.held;
      if (name !== null) this.live.add(mine);
      let released = false;
      return {
        master,
        reused,
        attempts,
        retire: () => {
          if (master.users) this.passedOver.add(key);
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
    const hashes = new Set<string>();
    await Promise.all(
      entries.map((entry) =>
        entry.held.then(
          (held) => {
            hashes.add(held.name?.hash ?? '');
            return this.handBack(held, !entry.retired);
          },
          () => undefined,
        ),
      ),
    );
    if (this.options.connection.persistMs > 0) await closeSpares(this.store, this.owner.id, hashes);
    await this.owner.close();
  }

  private retire(entry: Entry): void {
    entry.retired = true;
    if (this.current.get(entry.key) === entry) this.current.delete(entry.key);
  }

  private async leave(entry: Entry): Promise<void> {
    entry.users -= 1;
    const { persistMs, maxMasters } = this.options.connection;
    const persists = persistMs > 0 && !entry.retired && this.live.size <= maxMasters;
    if (entry.users > 0 || persists || !this.entries.delete(entry)) return;
    this.live.delete(entry);
    this.retire(entry);
    await this.handBack(await entry.held, false);
  }

  private async handBack({ name, master }: Held, keep: boolean): Promise<void> {
    if (name === null) return;
    const persists = keep && this.options.connection.persistMs > 0;
    if (persists && this.store.take(name, null) !== null) return;
    await terminateMaster(master.controlPath, ALIVE_DEADLINE_MS).catch(() => undefined);
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
    const { address = null, session = null, pid = null } = this.store.readRecord(mine) ?? {};
    const master = { target, connection, controlPath, pid, address, session, users: false };
    try {
      await prove(master);
      return { name: mine, master, reused: true, attempts: 0 };
    } catch {
      if (signal.aborted) {
        this.store.take(mine, null);
        throw signal.reason;
      }
      // Dead, stopped or not a master at all: its files go, a new login takes its place.
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
        usersMaster: wantsUsersMaster(connection) && !this.passedOver.has(entryKey(target)),
        signal,
        onAttempt,
      });
      const { pid, address, attempts, session } = made;
      if (made.users) {
        const master = { target, connection, session, pid, address, users: true };
        return { name: null, master: { ...master, controlPath: made.controlPath }, reused: true, attempts };
      }
      await this.store.writeRecord(name, recordOf(target, connection, made));
      const master = { target, connection, controlPath, pid, address, session, users: false };
      return { name, master, reused: false, attempts };
    } catch (error) {
      await this.store.remove(name);
      throw error;
    }
  }
}

/** `--no-mux`: each command logs in for itself. */
function noMaster(target: Target, connection: ConnectionOptions): Lease {
  const none = { controlPath: '', pid: 0, address: null, session: null, users: false };
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

/** Over the user's own master only `ssh -S` works: what proxy mode does to a master at times is not his risk to bear. */
function wantsUsersMaster({ ownMasters, transport }: ConnectionOptions): boolean {
  return !ownMasters && transport !== 'mux';
}
