import { terminateMaster } from './control.js';
import type { MasterStore } from './store.js';

const DEADLINE_MS = 2_000;

/**
 * Of several masters that wait for the same destination one is enough. Asked for by each process after it has handed
 * its own back, so that the last of many sees them all; they agree on the one that stays, and taking is a rename that
 * only one of them wins.
 */
export async function closeSpares(
  store: MasterStore,
  owner: string,
  hashes: ReadonlySet<string>,
): Promise<void> {
  const kept = new Set<string>();
  const waiting = store
    .sockets()
    .filter((name) => name.owner === null && hashes.has(name.hash))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const spares = waiting.filter(({ hash }) => kept.size === kept.add(hash).size);
  await Promise.all(
    spares.map(async (name) => {
      const mine = await store.take(name, owner);
      if (mine === null) return;
      await terminateMaster(store.pathOf(mine), DEADLINE_MS).catch(() => undefined);
      await store.remove(mine);
    }),
  );
}
