import { stat } from 'node:fs/promises';
import { shortage } from '../core/shortage.js';
import { aliveCheck, endMaster } from './control.js';
import { masterName, type SocketName } from './names.js';
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
  /** The jump host whose master it goes through. */
  readonly via: string | null;
  /** The pssh-ts process that works with it now. */
  readonly usedBy: number | null;
}

interface Found {
  readonly name: SocketName;
  readonly info: MasterInfo;
  /** The name of the master that it goes through. */
  readonly through: string | null;
}

async function find(store: MasterStore, owner: string): Promise<Found[]> {
  await store.sweep(owner);
  const found = await Promise.all(store.sockets().map((name) => inspect(store, name, owner)));
  return found
    .filter((one) => one !== null)
    .sort((a, b) =>
      a.info.label < b.info.label ? -1 : a.info.label > b.info.label ? 1 : b.info.ageMs - a.info.ageMs,
    );
}

async function inspect(store: MasterStore, name: SocketName, owner: string): Promise<Found | null> {
  const record = store.readRecord(name);
  try {
    const pid = await aliveCheck(store.pathOf(name), DEADLINE_MS);
    const since = record === null ? (await stat(store.pathOf(name))).ctimeMs : Date.parse(record.startedAt);
    const info: MasterInfo = {
      label: record?.label ?? '?',
      host: record?.host ?? '?',
      user: record?.user ?? null,
      port: record?.port ?? null,
      pid,
      ageMs: Math.max(0, Date.now() - since),
      address: record?.address ?? null,
      via: record?.via?.label ?? null,
      usedBy: name.owner === null ? null : await ownerPid(store.folder, name.owner),
    };
    return { name, info, through: record?.via?.master ?? null };
  } catch (error) {
    if (shortage(error) !== null) throw error;
    // A free one that does not answer serves nobody: it goes. One in use is its owner's to judge.
    const mine = name.owner === null ? store.take(name, owner) : null;
    if (mine === null) return null;
    await endMaster(store.pathOf(mine), record?.pid, DEADLINE_MS);
    await store.remove(mine);
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
 * Ends the masters that `wanted` picks and no process works with, and with a jump host's those that go through it.
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
  const found = await find(store, owner);
  const behind = new Map<string, Found[]>();
  for (const one of found)
    if (one.through !== null) behind.set(one.through, [...(behind.get(one.through) ?? []), one]);
  const dependents = ({ name }: Found): Found[] => behind.get(masterName(name)) ?? [];
  // Who would lose a connection with it.
  const userOf = (one: Found): number | null =>
    one.info.usedBy ?? dependents(one).reduce<number | null>((user, other) => user ?? userOf(other), null);
  const ends = new Map<Found, Promise<boolean>>();
  const end = (one: Found): Promise<boolean> => {
    const known = ends.get(one);
    if (known !== undefined) return known;
    const ending = Promise.all(dependents(one).map(end)).then(async (ended) => {
      // Somebody took one up meanwhile.
      if (ended.includes(false)) return false;
      // Taken first, so that no other process takes it up while it ends.
      const mine = store.take(one.name, owner);
      if (mine === null) return false;
      await endMaster(store.pathOf(mine), one.info.pid, DEADLINE_MS);
      await store.remove(mine);
      closed.push(one.info);
      return true;
    });
    ends.set(one, ending);
    return ending;
  };
  await Promise.all(
    found
      .filter(({ info }) => wanted(info))
      .map(async (one) => {
        const usedBy = userOf(one);
        if (usedBy === null) await end(one);
        else inUse.push({ ...one.info, usedBy });
      }),
  );
  return { closed, inUse };
}
