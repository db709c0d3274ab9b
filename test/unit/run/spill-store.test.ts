import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Capture } from '../../../src/core/capture.js';
import { BLOCK_SIZE, type Block } from '../../../src/core/output.js';
import { SpillStore } from '../../../src/run/spill-store.js';

const stores: SpillStore[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

function open(memory: number, onFailure = (error: Error): void => void Promise.reject(error)): SpillStore {
  const store = new SpillStore({ memory, onFailure });
  stores.push(store);
  return store;
}

const block = (fill: number, size = BLOCK_SIZE): Uint8Array => new Uint8Array(size).fill(fill);
const put = (store: SpillStore, bytes: Uint8Array): Block => {
  const kept = store.put(bytes);
  if (kept === null) throw new Error('not kept');
  return kept;
};

describe('SpillStore', () => {
  it('stays in memory up to the bound, goes to a file beyond it, and reads both', () => {
    const store = open(2 * BLOCK_SIZE);
    const blocks = [1, 2, 3, 4].map((fill) => put(store, block(fill)));
    expect(store.spilled).toBe(2 * BLOCK_SIZE);
    expect(blocks.map((each) => each.read()[BLOCK_SIZE - 1])).toEqual([1, 2, 3, 4]);
  });

  it('leaves no name in the temp folder', () => {
    const names = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('pssh-ts-out-'));
    const before = names();
    const store = open(0);
    put(store, block(1));
    expect(names().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('uses room again that was given back, once', () => {
    const store = open(BLOCK_SIZE);
    const held = put(store, block(1));
    const spilled = put(store, block(2));
    spilled.release();
    spilled.release();
    held.release();
    held.release();
    const again = [put(store, block(3)), put(store, block(4)), put(store, block(5))];
    expect(store.spilled).toBe(2 * BLOCK_SIZE);
    expect(again.map((each) => each.read()[0])).toEqual([3, 4, 5]);
  });

  it('many captures at once come back byte for byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.nat(3 * BLOCK_SIZE), fc.nat(255)), { maxLength: 12 }),
        (writes) => {
          const store = open(BLOCK_SIZE);
          const captures = Array.from({ length: 4 }, () => new Capture(Number.POSITIVE_INFINITY, store));
          const expected = captures.map(() => [] as Uint8Array[]);
          for (const [place, size, fill] of writes) {
            captures[place]?.add(block(fill, size));
            expected[place]?.push(block(fill, size));
          }
          for (const [place, each] of captures.entries())
            expect(Buffer.from(each.end().bytes()).equals(Buffer.concat(expected[place] ?? []))).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('keeps nothing more once it is closed', () => {
    const store = open(0);
    const spilled = put(store, block(1));
    store.close();
    expect(store.put(block(2))).toBeNull();
    expect(() => spilled.read()).toThrow('closed');
  });

  it('tells once that it can not write, and keeps nothing from then on', () => {
    const told: string[] = [];
    const before = process.env.TMPDIR;
    process.env.TMPDIR = '/nonexistent/folder';
    try {
      const store = open(0, (error) => told.push((error as NodeJS.ErrnoException).code ?? ''));
      expect([store.put(block(1)), store.put(block(2))]).toEqual([null, null]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    expect(told).toEqual(['ENOENT']);
  });
});
