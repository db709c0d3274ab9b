import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { aliveCheck } from './control.js';
import { newOwnerId, ownerOf, parseSocketName, type SocketName, socketName } from './names.js';
import { ownerPid } from './owner.js';
import type { SessionTraits } from './session-traits.js';

const ALIVE_DEADLINE_MS = 2_000;

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
}

/** The runtime folder: who has which master, and the taking and handing back of them. */
export class MasterStore {
  constructor(readonly folder: string) {}

  file(name: string): string {
    return path.join(this.folder, name);
  }

  pathOf(name: SocketName): string {
    return this.file(socketName(name));
  }

  async sockets(): Promise<SocketName[]> {
    return (await readdir(this.folder)).flatMap((file) => parseSocketName(file) ?? []);
  }

  /** Takes a master by renaming its socket. Null: somebody else was first, or it is gone. */
  async take(name: SocketName, owner: string | null): Promise<SocketName | null> {
    const taken = { ...name, owner };
    try {
      await rename(this.pathOf(name), this.pathOf(taken));
      return taken;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async remove(name: SocketName): Promise<void> {
    const { hash, id } = name;
    await Promise.all(
      [socketName(name), `${hash}.${id}.json`].map((file) => rm(this.file(file), { force: true })),
    );
  }

  async writeRecord({ hash, id }: SocketName, record: MasterRecord): Promise<void> {
    await writeFile(this.file(`${hash}.${id}.json`), JSON.stringify(record), { mode: 0o600 });
  }

  async readRecord({ hash, id }: SocketName): Promise<MasterRecord | null> {
    try {
      return JSON.parse(await readFile(this.file(`${hash}.${id}.json`), 'utf8')) as MasterRecord;
    } catch {
      // Missing, or cut by a full disk: the master is known by its socket alone.
      return null;
    }
  }

  /**
   * Puts in order what dead processes left: their masters become free, their logs and half-made sockets go.
   * Names hold the dead process's own id, so several processes may do this at once.
   */
  async sweep(): Promise<void> {
    const files = await readdir(this.folder);
    const owners = new Set(files.flatMap((file) => ownerOf(file) ?? parseSocketName(file)?.owner ?? []));
    const dead = new Set<string>();
    for (const owner of owners) {
      if ((await ownerPid(this.folder, owner)) === null) dead.add(owner);
    }
    for (const file of files) {
      const socket = parseSocketName(file);
      if (socket?.owner === null) await this.removeIfExpired(socket);
      else if (socket !== null && dead.has(socket.owner ?? '')) await this.take(socket, null);
      const owner = ownerOf(file);
      if (owner !== null && dead.has(owner) && !file.endsWith('.new'))
        await rm(this.file(file), { force: true });
    }
  }

  /** ssh can't remove the socket of a master that has ended by itself: it knows it by an earlier name. */
  private async removeIfExpired(name: SocketName): Promise<void> {
    const record = await this.readRecord(name);
    const idleSince = (await stat(this.pathOf(name)).catch(() => null))?.ctimeMs ?? Date.now();
    if (Date.now() - idleSince < (record?.persistSeconds ?? 0) * 1000) return;
    const taken = await this.take(name, newOwnerId());
    if (taken === null) return;
    const alive = await aliveCheck(this.pathOf(taken), ALIVE_DEADLINE_MS).then(
      () => true,
      () => false,
    );
    if (alive) await this.take(taken, null);
    else await this.remove(taken);
  }
}
