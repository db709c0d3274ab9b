import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInShard, parseShard, takeShard } from '../../../src/core/shard.js';

const names = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 60 });
const totals = fc.integer({ min: 1, max: 12 });
const shards = (total: number) => Array.from({ length: total }, (_, place) => ({ index: place + 1, total }));
const itself = (name: string): string => name;

describe('takeShard', () => {
  test('shards are disjoint and complete, and differ in size by at most one', () => {
    fc.assert(
      fc.property(names, totals, (all, total) => {
        const parts = shards(total).map((shard) => takeShard(all, shard, itself));
        expect(parts.flat().sort()).toEqual([...all].sort());
        const sizes = parts.map((part) => part.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('who is in which does not depend on the order of the list; each keeps its own order', () => {
    const shuffled = names.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, totals, ([all, other], total) => {
        for (const shard of shards(total)) {
          const part = takeShard(other, shard, itself);
          expect([...part].sort()).toEqual([...takeShard(all, shard, itself)].sort());
          expect(part).toEqual(other.filter((name) => part.includes(name)));
        }
      }),
    );
  });

  test('neighbours in name are spread', () => {
    const all = Array.from({ length: 1000 }, (_, place) => `node${place}`);
    const part = takeShard(all, { index: 1, total: 4 }, itself);
    const halves = [0, 1].map((half) => part.filter((name) => all.indexOf(name) % 2 === half).length);
    expect(Math.min(...halves)).toBeGreaterThan(90);
  });
});

test('an item of a list that is never seen whole is in one shard, and shards are about as large', () => {
  const all = Array.from({ length: 4000 }, (_, place) => `task ${place}`);
  const sizes = shards(4).map((shard) => all.filter((key) => isInShard(key, shard)).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(4000);
  for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(120);
});

test.each([
  ['2', /is no share; write I\/N/],
  ['a/b', /is no share/],
  ['0/4', /there is no share 0 of 4; the first is 1, the last 4/],
  ['5/4', /there is no share 5 of 4/],
  ['1/0', /a share of nothing/],
])('%s is refused', (text, reason) => expect(() => parseShard(text)).toThrow(reason));
