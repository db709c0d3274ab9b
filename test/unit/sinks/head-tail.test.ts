import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadTail } from '../../../src/sinks/head-tail.js';

function kept(limit: number, pieces: readonly Uint8Array[]): HeadTail {
  const subject = new HeadTail(limit);
  for (const piece of pieces) subject.add(piece);
  return subject;
}

describe('HeadTail', () => {
  it('holds all that fits, else the beginning and the end, to the byte, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 64 }),
        fc.array(fc.uint8Array({ maxLength: 40 })),
        (limit, pieces) => {
          const all = Buffer.concat(pieces);
          const subject = kept(limit, pieces);
          const { head, tail } = subject.bytes();
          const headRoom = Math.floor(limit / 4);
          expect(subject.total).toBe(all.length);
          expect(Buffer.from(head)).toEqual(all.subarray(0, headRoom));
          expect(Buffer.from(tail)).toEqual(
            all.subarray(Math.max(all.length - (limit - headRoom), headRoom)),
          );
          expect(head.length + tail.length + subject.omitted).toBe(all.length);
        },
      ),
    );
  });

  it('says how much it let go, and cuts no character in two', () => {
    const text = kept(40, [Buffer.from('é'.repeat(100))]).text();
    expect(text).toBe(`${'é'.repeat(5)}\n[truncated: 160 bytes left out]\n${'é'.repeat(15)}`);
  });

  it('is the text as it came where nothing was let go', () => {
    expect(kept(100, [Buffer.from('\ufeffé\xff\n')]).text()).toBe('\ufeffé\xff\n');
    expect(kept(100, [Buffer.from([0xc3]), Buffer.from([0xa9])]).text()).toBe('é');
    expect(kept(100, []).text()).toBe('');
  });
});
