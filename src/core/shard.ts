import { usageError } from './errors.js';
import { show } from './show.js';

/** One of several runs that share a list: number `index`, from 1, of `total`. */
export interface Shard {
  readonly index: number;
  readonly total: number;
}

/** `I/N`. @throws PsshError ERR_USAGE */
export function parseShard(text: string): Shard {
  const [, index = '', total = ''] = /^(\d{1,7})\/(\d{1,7})$/.exec(text) ?? [];
  if (index === '') throw usageError(`--shard: ${show(text)} is no share; write I/N, as in 2/4, or auto`);
  return checkedShard(Number(index), Number(total), `--shard: ${show(text)}`);
}

/** @throws PsshError ERR_USAGE that begins with `what` */
export function checkedShard(index: number, total: number, what: string): Shard {
  if (index >= 1 && index <= total) return { index, total };
  throw usageError(
    total < 1
      ? `${what} is a share of nothing; write I/N, as in 2/4`
      : `${what}: there is no share ${index} of ${total}; the first is 1, the last ${total}`,
  );
}

/**
 * This shard's part of a list, in the list's order. Which items fall to whom is decided by their keys alone, whatever
 * the order: ranked by a hash, dealt out in turn. So parts are disjoint, complete, and differ in size by at most one.
 */
export function takeShard<T>(items: readonly T[], shard: Shard, keyOf: (item: T) => string): readonly T[] {
  const ranked = items.map((item, place) => {
    const key = keyOf(item);
    return { place, key, hash: keyHash(key) };
  });
  ranked.sort((a, b) => a.hash - b.hash || (a.key < b.key ? -1 : Number(a.key > b.key)));
  const own = new Set(
    ranked.filter((_, rank) => rank % shard.total === shard.index - 1).map(({ place }) => place),
  );
  return items.filter((_, place) => own.has(place));
}

/** The same for an item of a list that is never seen whole: disjoint and complete too, of about the same size. */
export function isInShard(key: string, shard: Shard): boolean {
  return keyHash(key) % shard.total === shard.index - 1;
}

/** FNV-1a over the code units, its bits mixed once more at the end: neighbours in name are none in rank. */
function keyHash(key: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < key.length; place += 1)
    hash = Math.imul(hash ^ key.charCodeAt(place), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
