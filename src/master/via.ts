import { masterName, type SocketName } from './names.js';
import type { MasterStore } from './store.js';

/** Whether masters that still have their socket go through this one. */
export async function hasDependents(store: MasterStore, name: SocketName): Promise<boolean> {
  const wanted = masterName(name);
  const vias = await Promise.all(
    (await store.sockets()).map(async (other) => (await store.readRecord(other))?.via?.master),
  );
  return vias.includes(wanted);
}
