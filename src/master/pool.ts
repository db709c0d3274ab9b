import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { type Target, targetKey } from '../core/target.js';
import type { Askpass } from '../ssh/askpass.js';
import type { ConfigState } from '../ssh/config-state.js';
import { openAskpass } from './askpass-files.js';
import { ALIVE_DEADLINE_MS, aliveCheck, endMaster } from './control.js';
import type { Held, Master } from './held.js';
import { type JumpMaster, Jumps, type JumpWay } from './jumps.js';
import { MasterSource } from './master-source.js';
import { masterName } from './names.js';
import { Owner } from './owner.js';
import { closeSpares } from './spares.js';
import { MasterStore } from './store.js';
import { hasDependents } from './via.js';

export type { Master } from './held.js';

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
  /** Hosts that the user's own master could not serve: they get one of ours. */
  private readonly passedOver = new Set<string>();
  private readonly source: MasterSource;
  private logs = 0;
  private closing = false;

  private constructor(
    private readonly options: PoolOptions,
    private readonly store: MasterStore,
    private readonly owner: Owner,
    /** Answers what the logins are asked. Null: nothing is asked. */
    readonly askpass: Askpass | null,
  ) {
    this.source = new MasterSource({
      pool: options,
      store,
      owner: owner.id,
      askpass,
      jumps: new Jumps((target, way, signal) => this.acquireJump(target, way, signal)),
      passedOver: this.passedOver,
      newLogPath: () => this.newLogPath(),
    });
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
      await pool.source.look();
      return pool;
    } catch (error) {
      await askpass?.close();
      await owner.close();
      throw error;
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
    const obtain = () => this.source.obtain({ target, key, way, signal, onAttempt, prove });
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
        const jump = { ...way, isJump: true };
        return await this.source.obtain({
          target,
          key,
          way: jump,
          signal,
          onAttempt: () => undefined,
          prove,
        });
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
    this.source.learnCap(master, cap);
  }

  /** Whether the master still answers. */
  async isAlive(master: Master): Promise<boolean> {
    return this.ask(master).then(
      () => true,
      () => false,
    );
  }

  /** Ends a master of ours before its time; who holds it has to retire it. */
  async endMaster({ controlPath, pid }: Master): Promise<void> {
    await endMaster(controlPath, pid, ALIVE_DEADLINE_MS);
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
    const needed = isJump && !retired && hasDependents(this.store, name);
    if ((persists || needed) && this.store.take(name, null) !== null) return;
    await endMaster(master.controlPath, master.pid, ALIVE_DEADLINE_MS);
    await this.store.remove(name);
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
