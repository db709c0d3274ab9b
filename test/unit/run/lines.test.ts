import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../../src/run/lines.js';

interface Piece {
  readonly data: Buffer;
  readonly partial: boolean;
}

function split(chunks: readonly Uint8Array[]): Piece[] {
  const pieces: Piece[] = [];
  const lines = new LineSplitter((data, partial) => {
    pieces.push({ data: Buffer.from(data), partial });
  });
  for (const chunk of chunks) lines.push(chunk);
  lines.flush();
  return pieces;
}

/** Bytes with many newlines, cut at any places; empty chunks too. */
const chunks = fc
  .tuple(
    fc.array(fc.oneof(fc.constant(0x0a), fc.nat(255)), { maxLength: 200 }),
    fc.array(fc.nat(200), { maxLength: 20 }),
  )
  .map(([bytes, cuts]) => {
    const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
    return places.slice(1).map((end, index) => Uint8Array.from(bytes.slice(places[index], end)));
  });

describe('LineSplitter', () => {
  it('gives the same bytes however they are cut', () => {
    fc.assert(
      fc.property(chunks, (cut) => {
        expect(Buffer.concat(split(cut).map(({ data }) => data))).toEqual(Buffer.concat(cut));
      }),
    );
  });

  it('gives whole lines; a partial one only at the end, and nothing empty', () => {
    fc.assert(
      fc.property(chunks, (cut) => {
        const pieces = split(cut);
        for (const [place, { data, partial }] of pieces.entries()) {
          expect(data.length).toBeGreaterThan(0);
          expect(partial).toBe(data.at(-1) !== 0x0a);
          if (partial) expect(place).toBe(pieces.length - 1);
          if (partial) expect(data.includes(0x0a)).toBe(false);
        }
      }),
    );
  });

  it('hands on what is whole at once and holds the rest', () => {
    const seen: string[] = [];
    const lines = new LineSplitter((data, partial) => {
      seen.push(`${Buffer.from(data)}${partial ? '~' : ''}`);
    });
    lines.push(Buffer.from('a\nb\nc'));
    expect(seen).toEqual(['a\nb\n']);
    lines.push(Buffer.from('d'));
    expect(seen).toEqual(['a\nb\n']);
    lines.push(Buffer.from('e\n'));
    expect(seen).toEqual(['a\nb\n', 'cde\n']);
    lines.flush();
    lines.flush();
    expect(seen).toHaveLength(2);
  });

  it('passes a line that never ends on in pieces of little more than 1 MiB', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const pieces = split(Array.from({ length: 100 }, () => chunk));
    expect(pieces.length).toBeGreaterThan(4);
    for (const { data, partial } of pieces) {
      expect(partial).toBe(true);
      expect(data.length).toBeLessThanOrEqual(1024 * 1024 + chunk.length);
    }
    const whole = Buffer.concat(pieces.map(({ data }) => data));
    expect(whole.equals(Buffer.alloc(100 * chunk.length, 'x'))).toBe(true);
  });

  it("gives on the view's promise, so that the stream can be paused", () => {
    const wait = Promise.resolve();
    const lines = new LineSplitter(() => wait);
    expect(lines.push(Buffer.from('a'))).toBeUndefined();
    expect(lines.push(Buffer.from('\nb'))).toBe(wait);
    expect(lines.flush()).toBe(wait);
    expect(lines.flush()).toBeUndefined();
  });
});
