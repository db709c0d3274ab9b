import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { readConfigState } from '../ssh/config-state.js';
import { ALIVE_DEADLINE_MS, aliveCheck, endMaster } from './control.js';
import { destinationHash } from './destination.js';
import type { JumpMaster, JumpWay } from './jumps.js';
import type { Login } from './login.js';
import { hashOf, masterName, newMasterId, type SocketName } from './names.js';
import type { MasterStore } from './store.js';

/** One login to a jump host. */
export interface JumpLogin {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly name: SocketName;
  /** Masters that wait for it, itself included. */
  readonly chain: readonly string[];
}

export interface OpenJumpsOptions {
  readonly store: MasterStore;
  readonly owner: string;
  /** Leaves a master and its record under that name, or finds the user's own. @throws PsshError, and leaves nothing */
  readonly logIn: (login: JumpLogin) => Promise<Login>;
}

/** The masters of jump hosts for `masters open`: one a jump host, found or logged in to, however many go through it. */
export class OpenJumps {
  private readonly masters = new Map<string, Promise<JumpMaster>>();
  private readonly taken: SocketName[] = [];
  private readonly kept = new Set<string>();

  constructor(private readonly options: OpenJumpsOptions) {}

  /** @throws PsshError */
  async acquire(target: Target, way: JumpWay, signal: AbortSignal): Promise<JumpMaster> {
    const { host, user, port, sshOptions } = target;
    const key = JSON.stringify([host, user, port, sshOptions, way.connection.jump]);
    if (way.chain.includes(key)) throw new PsshError('ERR_CONNECT', 'its ProxyJump leads back to itself');
    const made = this.masters.get(key) ?? this.obtain(target, key, way, signal);
    this.masters.set(key, made);
    try {
      return await made;
    } catch (error) {
      this.masters.delete(key);
      way.failed(error);
      throw error;
    }
  }

  /** What goes there is asked for itself: it is not taken for those behind it. @param hash of where it goes */
  keep(hash: string): void {
    this.kept.add(hash);
  }

  /** They stay open, for whoever is next. */
  handBack(): void {
    for (const name of this.taken) this.options.store.take(name, null);
  }

  private async obtain(
    target: Target,
    key: string,
    { connection, chain }: JumpWay,
    signal: AbortSignal,
  ): Promise<JumpMaster> {
    const { store, owner, logIn } = this.options;
    const plain = await destinationHash(target, connection, readConfigState(connection), signal);
    const hash = hashOf(['jump', plain]);
    const shared = { retire: () => void this.masters.delete(key), release: async () => undefined };
    const mine = (await this.free([hash, plain])) ?? { hash, id: newMasterId(), owner };
    const master = { controlPath: store.pathOf(mine), name: masterName(mine), logFile: store.logOf(mine) };
    if (!this.taken.includes(mine)) {
      const { users, controlPath } = await logIn({ target, connection, name: mine, chain: [...chain, key] });
      if (users) return { controlPath, name: null, logFile: null, ...shared };
      this.taken.push(mine);
    }
    return { ...master, ...shared };
  }

  /** One that waits for somebody; made for commands it becomes a jump host's. */
  private async free(hashes: readonly string[]): Promise<SocketName | null> {
    const { store, owner } = this.options;
    const waiting = store.sockets().filter((name) => name.owner === null && !this.kept.has(name.hash));
    for (const name of hashes.flatMap((hash) => waiting.filter((one) => one.hash === hash))) {
      const mine = await store.takeAs(name, owner, hashes[0] ?? name.hash);
      if (mine === null) continue;
      try {
        await aliveCheck(store.pathOf(mine), ALIVE_DEADLINE_MS);
        this.taken.push(mine);
        return mine;
      } catch {
        await endMaster(store.pathOf(mine), store.readRecord(mine)?.pid, ALIVE_DEADLINE_MS);
        await store.remove(mine);
      }
    }
    return null;
  }
}
