import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Capture } from '../../../src/run/capture.js';

function capture(limit: number, chunks: readonly Uint8Array[]): Capture {
  const kept = new Capture(limit);
  for (const chunk of chunks) kept.add(chunk);
  return kept;
}

describe('Capture', () => {
  it('keeps the first bytes and says when there were more', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }),
        (limit, chunks) => {
          const all = Buffer.concat(chunks);
          const kept = capture(limit, chunks);
          expect(Buffer.from(kept.take())).toEqual(all.subarray(0, limit));
          expect(kept.truncated).toBe(all.length > limit);
        },
      ),
    );
  });

  it('exactly as much as may be is not cut', () => {
    const kept = capture(4, [Buffer.from('ab'), Buffer.from('cd')]);
    expect([`${kept.take()}`, kept.truncated]).toEqual(['abcd', false]);
    kept.add(new Uint8Array(0));
    expect(kept.truncated).toBe(false);
    kept.add(Buffer.from('e'));
    expect([`${kept.take()}`, kept.truncated]).toEqual(['abcd', true]);
  });

  it('takes nothing at all, and nothing at a limit of 0', () => {
    expect([capture(10, []).take().length, capture(10, []).truncated]).toEqual([0, false]);
    expect([capture(0, [Buffer.from('a')]).take().length, capture(0, [Buffer.from('a')]).truncated]).toEqual([
      0,
      true,
    ]);
  });
});
