import pMap from 'p-map';

/** Works on each, at most so many at once; the answers in their order. */
export function atOnce<T, R>(
  items: readonly T[],
  fanout: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  return pMap(items, work, { concurrency: fanout });
}
