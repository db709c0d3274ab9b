import { describe, expect, test } from 'vitest';
import { Framer, LONGEST_PACKET } from '../../../src/transport/mux/wire.js';
import { packet } from './packets.js';

const HEAD = 4;

describe('Framer', () => {
  test.each([0, 1, LONGEST_PACKET + 1, 0xffffffff])('a packet of %i bytes is a fault', (length) => {
    const framer = new Framer(() => undefined);
    const head = Buffer.alloc(HEAD);
    head.writeUInt32BE(length);
    expect(() => framer.push(head, 'passing')).toThrow(`a packet of ${length} bytes`);
  });

  test('the longest packet passes, in chunks as a socket gives them', () => {
    const body = Buffer.alloc(LONGEST_PACKET, 'x');
    const stream = packet([...body]);
    const got: Buffer[] = [];
    const framer = new Framer((one) => got.push(one));
    for (let at = 0; at < stream.length; at += 65_536)
      framer.push(stream.subarray(at, at + 65_536), 'passing');
    expect(got.length).toBe(1);
    expect(got[0]?.equals(body)).toBe(true);
  });

  test('a packet that lies whole in its chunk is not copied', () => {
    const chunk = packet([0, 94, 1, 2, 3]);
    const got: Buffer[] = [];
    new Framer((one) => got.push(one)).push(chunk, 'passing');
    expect(got[0]?.buffer).toBe(chunk.buffer);
  });

  test('once it is stopped, nothing further comes out of a chunk', () => {
    let count = 0;
    const framer = new Framer(() => {
      count += 1;
      framer.stop();
    });
    framer.push(Buffer.concat([packet([0, 96]), packet([0, 96])]), 'passing');
    expect(count).toBe(1);
  });
});
