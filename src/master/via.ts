import { masterName, type SocketName } from './names.js';
import type { MasterStore } from './store.js';

/** Whether masters that still have their socket go through this one. */
export function hasDependents(store: MasterStore, name: SocketName): boolean {
  const wanted = masterName(name);
  return store.sockets().some((other) => store.readRecord(other)?.via?.master === wanted);
}
