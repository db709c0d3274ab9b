import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Capture } from '../../../src/core/capture.js';
import { BLOCK_SIZE, type BlockStore, memoryStore } from '../../../src/core/output.js';

function capture(limit: number, chunks: readonly Uint8Array[], store?: BlockStore): Capture {
  const kept = new Capture(limit, store);
  for (const chunk of chunks) kept.add(chunk);
  return kept;
}

describe('Capture', () => {
  it('keeps the first bytes and says when there were more', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }),
        fc.boolean(),
        (limit, chunks, end) => {
          const all = Buffer.concat(chunks);
          const kept = capture(limit, chunks);
          if (end) kept.end();
          expect(Buffer.from(kept.bytes())).toEqual(all.subarray(0, limit));
          expect(kept.length).toBe(Math.min(all.length, limit));
          expect(kept.truncated).toBe(all.length > limit);
        },
      ),
    );
  });

  it('exactly as much as may be is not cut', () => {
    const kept = capture(4, [Buffer.from('ab'), Buffer.from('cd')]);
    expect([kept.text(), kept.truncated]).toEqual(['abcd', false]);
    kept.add(new Uint8Array(0));
    expect(kept.truncated).toBe(false);
    kept.add(Buffer.from('e'));
    expect([kept.text(), kept.truncated]).toEqual(['abcd', true]);
  });

  it('takes nothing at all, and nothing at a limit of 0', () => {
    expect([capture(10, []).length, capture(10, []).truncated]).toEqual([0, false]);
    const none = capture(0, [Buffer.from('a')]).end();
    expect([none.length, none.truncated]).toEqual([0, true]);
  });

  it('is cut into blocks, in which characters come through whole', () => {
    const text = '€'.repeat(BLOCK_SIZE);
    const kept = capture(10 * BLOCK_SIZE, [Buffer.from(text)]).end();
    expect([...kept.pieces()].map(({ length }) => length)).toEqual([BLOCK_SIZE, BLOCK_SIZE, BLOCK_SIZE]);
    expect(kept.text()).toBe(text);
  });

  it('holds no more than it was given: a byte keeps no packet alive', () => {
    const packet = Buffer.alloc(32 * 1024, 'x');
    const kept = new Capture(BLOCK_SIZE);
    for (let count = 0; count < 100; count += 1) kept.add(packet.subarray(count, count + 1));
    const [piece] = kept.end().pieces();
    expect(piece?.buffer.byteLength).toBe(100);
  });

  it('keeps large pieces as they are, between copies of small ones', () => {
    const large = Buffer.alloc(32 * 1024, 'x');
    const kept = capture(10 * BLOCK_SIZE, [Buffer.from('ab'), large, Buffer.from('cd')]).end();
    expect([...kept.pieces()].map(({ buffer }) => buffer === large.buffer)).toEqual([false, true, false]);
    expect(kept.text()).toBe(`ab${'x'.repeat(large.length)}cd`);
  });

  it('copies even a large piece of something much larger, which it would keep alive', () => {
    const slab = Buffer.alloc(1024 * 1024, 'x');
    const kept = capture(10 * BLOCK_SIZE, [slab.subarray(0, 32 * 1024)]).end();
    expect([...kept.pieces()].map(({ buffer }) => buffer.byteLength)).toEqual([32 * 1024]);
  });

  it('large or small, the first bytes are kept, and no block is too long', () => {
    const sizes = fc.array(fc.oneof(fc.nat(100), fc.integer({ min: 10_000, max: 200_000 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.nat(500_000), sizes, (limit, lengths) => {
        const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
        const kept = capture(limit, chunks).end();
        expect(Buffer.concat(chunks).subarray(0, limit).equals(kept.bytes())).toBe(true);
        for (const { length } of kept.pieces()) expect(length).toBeLessThanOrEqual(BLOCK_SIZE);
      }),
    );
  });

  it('a store that takes no more cuts it there', () => {
    let room = 2;
    const store: BlockStore = {
      put: (block) => {
        room -= 1;
        return room < 0 ? null : memoryStore.put(block);
      },
    };
    const kept = capture(10 * BLOCK_SIZE, [Buffer.alloc(3 * BLOCK_SIZE, 'x'), Buffer.from('y')], store).end();
    expect([kept.length, kept.truncated]).toEqual([2 * BLOCK_SIZE, true]);
    expect(kept.bytes()).toHaveLength(2 * BLOCK_SIZE);
  });

  it('gives its blocks back when it is discarded', () => {
    let live = 0;
    const store: BlockStore = {
      put: (block) => {
        live += 1;
        return { length: block.length, read: () => block, release: () => (live -= 1) };
      },
    };
    const kept = capture(10 * BLOCK_SIZE, [Buffer.alloc(2.5 * BLOCK_SIZE)], store).end();
    expect(live).toBe(3);
    kept.discard();
    expect([live, kept.length]).toEqual([0, 0]);
  });
});
