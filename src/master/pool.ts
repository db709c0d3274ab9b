import { readFile, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { type Target, targetKey } from '../core/target.js';
import type { ConfigState } from '../ssh/config-files.js';
import { type Diagnosis, lastLine } from '../ssh/diagnose.js';
import { resolveConfig } from '../ssh/resolve.js';
import { aliveCheck, terminateMaster } from './control.js';
import { destinationHash } from './destination.js';
import { newMasterId, type SocketName } from './names.js';
import { Owner } from './owner.js';
import { startMaster } from './start.js';
import { MasterStore } from './store.js';

const ALIVE_DEADLINE_MS = 2_000;
const SERVER_ALIVE_SECONDS = 15;
// A master of --persist 0 is closed by us; should we die, it ends by itself soon after its sessions.
const SHORTEST_PERSIST_SECONDS = 10;
const FIRST_PAUSE_MS = 200;

/** A live master that this process holds. */
export interface Master {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly controlPath: string;
  readonly pid: number;
  readonly address: string | null;
}

/** A host's share of its master, until it is handed back. */
export interface Lease {
  readonly master: Master;
  /** It was live already: no login was made. */
  readonly reused: boolean;
  /** Logins tried. */
  readonly attempts: number;
  /** Hands it back; closes the master where nothing is to persist. */
  release(): Promise<void>;
}

/** A host that could not be connected to; the diagnosis holds ssh's reason. */
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

interface Held {
  readonly name: SocketName;
  readonly master: Master;
  readonly reused: boolean;
  readonly attempts: number;
}

interface Entry {
  readonly held: Promise<Held>;
  users: number;
}

export interface PoolOptions {
  readonly folder: string;
  readonly connection: ConnectionOptions;
  readonly configState: ConfigState;
}

/** The masters of one process: found, started, shared by its hosts, handed back at the end. */
export class MasterPool {
  private readonly entries = new Map<string, Entry>();
  private sockets: SocketName[] = [];
  private logs = 0;

  private constructor(
    private readonly options: PoolOptions,
    private readonly store: MasterStore,
    private readonly owner: Owner,
  ) {}

  static async open(options: PoolOptions): Promise<MasterPool> {
    const store = new MasterStore(options.folder);
    await store.sweep();
    const pool = new MasterPool(options, store, await Owner.open(options.folder));
    pool.sockets = await store.sockets();
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
   * @throws ConnectFailure, PsshError, or the signal's reason
   */
  async acquire(target: Target, signal: AbortSignal, onAttempt: (attempt: number) => void): Promise<Lease> {
    const key = targetKey(target);
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { held: this.obtain(target, signal, onAttempt), users: 0 };
      this.entries.set(key, entry);
    }
    const mine = entry;
    mine.users += 1;
    try {
      const { master, reused, attempts } = await mine.held;
      let released = false;
      const release = async (): Promise<void> => {
        if (released) return;
        released = true;
        await this.leave(key, mine);
      };
      return { master, reused, attempts, release };
    } catch (error) {
      if (this.entries.get(key) === mine) this.entries.delete(key);
      throw error;
    }
  }

  /** Whether the master still answers. */
  async isAlive(master: Master): Promise<boolean> {
    return aliveCheck(master.controlPath, ALIVE_DEADLINE_MS).then(
      () => true,
      () => false,
    );
  }

  /** Hands every master back, or closes it where nothing is to persist or another free one waits already. */
  async close(): Promise<void> {
    const entries = [...this.entries.values()];
    this.entries.clear();
    await Promise.all(
      entries.map((entry) => entry.held.then((held) => this.handBack(held)).catch(() => undefined)),
    );
    await this.owner.close();
  }

  private async leave(key: string, entry: Entry): Promise<void> {
    entry.users -= 1;
    if (entry.users > 0 || this.options.connection.persistMs > 0) return;
    if (this.entries.get(key) !== entry) return;
    this.entries.delete(key);
    await this.handBack(await entry.held);
  }

  private async handBack({ name, master }: Held): Promise<void> {
    if (this.options.connection.persistMs > 0) {
      const others = (await this.store.sockets()).some(
        (other) => other.hash === name.hash && other.owner === null,
      );
      if (!others && (await this.store.take(name, null)) !== null) return;
    }
    await terminateMaster(master.controlPath, ALIVE_DEADLINE_MS).catch(() => undefined);
    await this.store.remove(name);
  }

  private async obtain(
    target: Target,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
  ): Promise<Held> {
    const hash = await destinationHash(target, this.options.connection, this.options.configState);
    for (const name of this.sockets.filter((socket) => socket.hash === hash && socket.owner === null)) {
      const held = await this.tryFree(target, name);
      if (held !== null) return held;
    }
    return this.login(target, { hash, id: newMasterId(), owner: this.owner.id }, signal, onAttempt);
  }

  private async tryFree(target: Target, name: SocketName): Promise<Held | null> {
    const mine = await this.store.take(name, this.owner.id);
    if (mine === null) return null;
    const controlPath = this.store.pathOf(mine);
    try {
      const pid = await aliveCheck(controlPath, ALIVE_DEADLINE_MS);
      const record = await this.store.readRecord(mine);
      const master = {
        target,
        connection: this.options.connection,
        controlPath,
        pid,
        address: record?.address ?? null,
      };
      return { name: mine, master, reused: true, attempts: 0 };
    } catch {
      // Dead, stopped or not a master at all: its files go, a new login takes its place.
      await this.store.remove(mine);
      return null;
    }
  }

  private async login(
    target: Target,
    name: SocketName,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
  ): Promise<Held> {
    const { connection } = this.options;
    const clock = new Clock(signal, connection.connectTimeoutMs);
    const controlPath = this.store.pathOf(name);
    const logPath = this.newLogPath();
    const persistSeconds = Math.max(SHORTEST_PERSIST_SECONDS, Math.ceil(connection.persistMs / 1000));
    let attempt = 0;
    let last: Diagnosis | null = null;
    try {
      const resolved = await resolveConfig(target, connection);
      const serverAliveSeconds = resolved.serverAliveInterval > 0 ? null : SERVER_ALIVE_SECONDS;
      for (;;) {
        attempt += 1;
        onAttempt(attempt);
        const start = {
          target,
          connection,
          controlPath,
          logPath,
          persistSeconds,
          serverAliveSeconds,
          signal: clock.signal,
        };
        const outcome = await startMaster(start);
        if (outcome.ok) {
          const { pid, address } = outcome;
          await this.store.writeRecord(name, {
            host: target.host,
            user: target.user ?? connection.user ?? null,
            port: target.port ?? connection.port ?? null,
            label: target.label,
            pid,
            startedAt: new Date().toISOString(),
            persistSeconds,
            address,
          });
          return {
            name,
            master: { target, connection, controlPath, pid, address },
            reused: false,
            attempts: attempt,
          };
        }
        last = outcome.diagnosis;
        if (!last.retry || attempt > connection.connectRetries) {
          throw new ConnectFailure(target, last.status, last.code, last.reason, attempt);
        }
        await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, {
          signal: clock.signal,
        });
      }
    } catch (error) {
      const log = await readFile(logPath, 'latin1').catch(() => '');
      await this.store.remove(name);
      signal.throwIfAborted();
      if (!clock.expired) throw error;
      const seconds = connection.connectTimeoutMs / 1000;
      const said = last?.reason ?? lastLine(log);
      throw new ConnectFailure(
        target,
        'unreachable',
        'ERR_CONNECT_TIMEOUT',
        `not connected within ${seconds}s${said === null ? '' : ` (${said})`}`,
        attempt,
      );
    } finally {
      clock.stop();
      // A living master writes on into it; nobody reads it any more.
      await rm(logPath, { force: true });
    }
  }
}

/** Our own clock over all of a host's connecting: ssh's ConnectTimeout does not end a peer that falls silent. */
class Clock {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly forward: () => void;
  expired = false;

  constructor(
    private readonly outer: AbortSignal,
    ms: number,
  ) {
    this.forward = () => this.controller.abort(outer.reason);
    outer.addEventListener('abort', this.forward, { once: true });
    if (outer.aborted) this.forward();
    this.timer = setTimeout(() => {
      this.expired = true;
      this.controller.abort(new Error('the time to connect is over'));
    }, ms);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.forward);
  }
}
