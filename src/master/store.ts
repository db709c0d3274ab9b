import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { ConnectionOptions } from '../core/options.js';
import { shortage } from '../core/shortage.js';
import type { Target } from '../core/target.js';
import { statsOf } from '../ssh/named-file.js';
import { ALIVE_DEADLINE_MS, aliveCheck, endMaster } from './control.js';
import { ownerOf, parseSocketName, type SocketName, socketName } from './names.js';
import { ownerPid } from './owner.js';
import type { SessionTraits } from './session-traits.js';

const OLD_MS = 24 * 3_600_000;
const SWEEP_PAUSE_MS = 60_000;
// What is younger may have a socket that was being renamed when we looked.
const ORPHAN_MS = 60_000;

type LoginFacts = Pick<MasterRecord, 'pid' | 'persistSeconds' | 'address'> & {
  readonly session: SessionTraits;
};

/** What is kept beside a master's socket. */
export interface MasterRecord {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
  readonly label: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly persistSeconds: number;
  /** The address really connected to, as ssh logged it. */
  readonly address: string | null;
  readonly session?: SessionTraits;
  /** What was known of the server's sessions when it began. */
  readonly sessionCap?: number | null;
  /** The jump host whose master it goes through. */
  readonly via?: Via;
}

export interface Via {
  readonly label: string;
  /** That master's name without the owner; null: the user's own. */
  readonly master: string | null;
}

/** What is kept of a master that a login has just made. */
export function recordOf(target: Target, connection: ConnectionOptions, made: LoginFacts): MasterRecord {
  const { pid, persistSeconds, address, session } = made;
  return {
    host: target.host,
    user: target.user ?? connection.user ?? null,
    port: target.port ?? connection.port ?? null,
    label: target.label,
    pid,
    startedAt: new Date().toISOString(),
    persistSeconds,
    address,
    session,
  };
}

/** The runtime folder: who has which master, and the taking and handing back of them. */
export class MasterStore {
  constructor(readonly folder: string) {}

  file(name: string): string {
    return `${this.folder}/${name}`;
  }

  pathOf(name: SocketName): string {
    return this.file(socketName(name));
  }

  sockets(): SocketName[] {
    return readdirSync(this.folder).flatMap((file) => parseSocketName(file) ?? []);
  }

  /**
   * Takes a master by renaming its socket. Null: somebody else was first, or it is gone. At once, like the reading
   * of a record: on a warm run the detour over Node's threads would cost more than all else that a host needs.
   */
  take(name: SocketName, owner: string | null): SocketName | null {
    const taken = { ...name, owner };
    try {
      renameSync(this.pathOf(name), this.pathOf(taken));
      return taken;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** The same, where it is to serve something else from now on: under another hash, its record with it. */
  async takeAs(name: SocketName, owner: string, hash: string): Promise<SocketName | null> {
    if (hash === name.hash) return this.take(name, owner);
    const mine = this.take(name, owner);
    if (mine === null) return null;
    const record = this.readRecord(mine);
    const taken = { ...mine, hash };
    if (record !== null) await this.writeRecord(taken, record);
    renameSync(this.pathOf(mine), this.pathOf(taken));
    await this.remove(mine);
    return taken;
  }

  async remove(name: SocketName): Promise<void> {
    const { hash, id } = name;
    await Promise.all(
      [socketName(name), `${hash}.${id}.json`, `${hash}.${id}.log`].map((file) =>
        rm(this.file(file), { force: true }),
      ),
    );
  }

  async writeRecord({ hash, id }: SocketName, record: MasterRecord): Promise<void> {
    await writeFile(this.file(`${hash}.${id}.json`), JSON.stringify(record), { mode: 0o600 });
  }

  /** How many sessions the server grants a connection, as a refusal has taught us. Null: nothing is known. */
  async readCap(hash: string): Promise<number | null> {
    const text = await readFile(this.file(`${hash}.cap`), 'latin1').catch(() => '');
    return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null;
  }

  async writeCap(hash: string, cap: number): Promise<void> {
    await writeFile(this.file(`${hash}.cap`), String(cap), { mode: 0o600 });
  }

  /** Where the log of a jump host's master stays: only there it says what it refused to the hosts behind it. */
  logOf({ hash, id }: SocketName): string {
    return this.file(`${hash}.${id}.log`);
  }

  readRecord({ hash, id }: SocketName): MasterRecord | null {
    try {
      return JSON.parse(readFileSync(this.file(`${hash}.${id}.json`), 'utf8')) as MasterRecord;
    } catch {
      // Missing, or cut by a full disk: the master is known by its socket alone.
      return null;
    }
  }

  /**
   * Puts in order what dead processes left: their masters become free, their logs and half-made sockets go.
   * Names hold the dead process's own id, so several processes may do this at once.
   * @param owner who sweeps: a socket that is being looked at is its meanwhile
   */
  async sweep(owner: string): Promise<void> {
    const files = readdirSync(this.folder);
    const owners = new Set(files.flatMap((file) => ownerOf(file) ?? parseSocketName(file)?.owner ?? []));
    owners.delete(owner);
    const dead = new Set<string>();
    // All at once: one that is stopped answers nobody, and each of them would be waited for.
    await Promise.all(
      [...owners].map(async (id) => {
        if ((await ownerPid(this.folder, id)) === null) dead.add(id);
      }),
    );
    const masters = new Set<string>();
    // Masters that have ended by themselves can wait: a look at each costs a warm run more than all else.
    const thorough = await this.isDue();
    for (const file of files) {
      const socket = parseSocketName(file);
      if (socket !== null) masters.add(`${socket.hash}.${socket.id}`);
      if (socket?.owner === null && thorough) await this.removeIfExpired(socket, owner);
      if (socket !== null && dead.has(socket.owner ?? '')) this.take(socket, null);
      const of = ownerOf(file);
      if (of === null || !dead.has(of)) continue;
      // One that begins has its socket under another name until it listens.
      if (!file.endsWith('.new') || this.isOlder(file, OLD_MS)) await rm(this.file(file), { force: true });
    }
    if (thorough) await this.removeOrphans(files, masters);
  }

  /** Records without a socket, and what was learnt of servers so long ago that it may be otherwise by now. */
  private async removeOrphans(files: readonly string[], masters: Set<string>): Promise<void> {
    for (const { hash, id } of this.sockets()) masters.add(`${hash}.${id}`);
    for (const file of files) {
      const master = /^(.*)\.(?:json|logw?)$/.exec(file)?.[1];
      const gone = master !== undefined && !masters.has(master) && this.isOlder(file, ORPHAN_MS);
      if (gone || (file.endsWith('.cap') && this.isOlder(file, OLD_MS)))
        await rm(this.file(file), { force: true });
    }
  }

  /** True at most once in a while, whoever asks. */
  private async isDue(): Promise<boolean> {
    const mark = this.file('swept');
    const last = statsOf(mark)?.mtimeMs ?? 0;
    if (Math.abs(Date.now() - last) < SWEEP_PAUSE_MS) return false;
    // A full disk: it is swept each time.
    await writeFile(mark, '', { mode: 0o600 }).catch(() => undefined);
    return true;
  }

  private isOlder(file: string, ms: number): boolean {
    const since = statsOf(this.file(file))?.mtimeMs ?? Date.now();
    return Date.now() - since > ms;
  }

  /** ssh can't remove the socket of a master that has ended by itself: it knows it by an earlier name. */
  private async removeIfExpired(name: SocketName, owner: string): Promise<void> {
    const record = this.readRecord(name);
    const idleSince = statsOf(this.pathOf(name))?.ctimeMs ?? Date.now();
    if (Date.now() - idleSince < (record?.persistSeconds ?? 0) * 1000) return;
    const taken = this.take(name, owner);
    if (taken === null) return;
    const alive = await aliveCheck(this.pathOf(taken), ALIVE_DEADLINE_MS).then(
      () => true,
      (error: unknown) => shortage(error) !== null,
    );
    if (alive) {
      this.take(taken, null);
      return;
    }
    await endMaster(this.pathOf(taken), record?.pid, ALIVE_DEADLINE_MS);
    await this.remove(taken);
  }
}
