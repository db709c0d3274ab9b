import { stat } from 'node:fs/promises';
import { aliveCheck, terminateMaster } from './control.js';
import type { SocketName } from './names.js';
import { Owner, ownerPid } from './owner.js';
import { MasterStore } from './store.js';

const DEADLINE_MS = 2_000;

/** A persistent connection as `masters list` shows it. */
export interface MasterInfo {
  readonly label: string;
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
  readonly pid: number;
  readonly ageMs: number;
  readonly address: string | null;
  /** The pssh-ts process that works with it now. */
  readonly usedBy: number | null;
}

interface Found {
  readonly name: SocketName;
  readonly info: MasterInfo;
}

async function find(store: MasterStore, owner: string): Promise<Found[]> {
  await store.sweep(owner);
  const found = await Promise.all((await store.sockets()).map((name) => inspect(store, name)));
  return found
    .filter((one) => one !== null)
    .sort((a, b) =>
      a.info.label < b.info.label ? -1 : a.info.label > b.info.label ? 1 : b.info.ageMs - a.info.ageMs,
    );
}

async function inspect(store: MasterStore, name: SocketName): Promise<Found | null> {
  try {
    const pid = await aliveCheck(store.pathOf(name), DEADLINE_MS);
    const record = store.readRecord(name);
    const since = record === null ? (await stat(store.pathOf(name))).ctimeMs : Date.parse(record.startedAt);
    const info: MasterInfo = {
      label: record?.label ?? '?',
      host: record?.host ?? '?',
      user: record?.user ?? null,
      port: record?.port ?? null,
      pid,
      ageMs: Math.max(0, Date.now() - since),
      address: record?.address ?? null,
      usedBy: name.owner === null ? null : await ownerPid(store.folder, name.owner),
    };
    return { name, info };
  } catch {
    // A free one that does not answer serves nobody: its files go. One in use is its owner's to judge.
    if (name.owner === null) await store.remove(name);
    return null;
  }
}

/** What this process takes up meanwhile is seen to be taken. */
async function asOwner<T>(
  folder: string,
  work: (store: MasterStore, owner: string) => Promise<T>,
): Promise<T> {
  const owner = await Owner.open(folder);
  try {
    return await work(new MasterStore(folder), owner.id);
  } finally {
    await owner.close();
  }
}

export async function listMasters(folder: string): Promise<MasterInfo[]> {
  return asOwner(folder, async (store, owner) => (await find(store, owner)).map(({ info }) => info));
}

/**
 * Ends the masters that `wanted` picks and no process works with.
 * @returns those ended, and those left alone because they are in use
 */
export async function closeMasters(
  folder: string,
  wanted: (master: MasterInfo) => boolean,
): Promise<{ readonly closed: MasterInfo[]; readonly inUse: MasterInfo[] }> {
  return asOwner(folder, async (store, owner) => closeWanted(store, owner, wanted));
}

async function closeWanted(store: MasterStore, owner: string, wanted: (master: MasterInfo) => boolean) {
  const closed: MasterInfo[] = [];
  const inUse: MasterInfo[] = [];
  await Promise.all(
    (await find(store, owner)).map(async ({ name, info }) => {
      if (!wanted(info)) return;
      if (info.usedBy !== null) {
        inUse.push(info);
        return;
      }
      // Taken first, so that no other process takes it up while it ends.
      const mine = store.take(name, owner);
      if (mine === null) return;
      await terminateMaster(store.pathOf(mine), DEADLINE_MS).catch(() => undefined);
      await store.remove(mine);
      closed.push(info);
    }),
  );
  return { closed, inUse };
}
