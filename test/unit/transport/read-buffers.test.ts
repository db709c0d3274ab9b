import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReadBuffers } from '../../../src/transport/mux/read-buffers.js';
import { Framer, type Lasting, LONGEST_PACKET } from '../../../src/transport/mux/wire.js';
import { packet } from './packets.js';

/** As Node's sockets do: asks for a place, writes there, tells how much. */
class Socket {
  readonly packets: Buffer[] = [];
  readonly lasting: Lasting[] = [];
  /** As they were when they came. */
  readonly copies: Buffer[] = [];
  readonly buffers = new ReadBuffers(
    new Framer((one, lasting) => {
      this.packets.push(one);
      this.copies.push(Buffer.from(one));
      this.lasting.push(lasting);
    }),
  );
  private place = this.buffers.next();

  read(stream: Buffer, most = Number.POSITIVE_INFINITY): void {
    for (let at = 0; at < stream.length; ) {
      const count = stream.copy(this.place, 0, at, Math.min(stream.length, at + most));
      this.buffers.take(count);
      this.place = this.buffers.next();
      at += count;
    }
  }
}

const large = (fill: string, length = 32_768): Buffer => packet([...Buffer.alloc(length, fill)]);

describe('ReadBuffers', () => {
  test('little by little all sockets read into the same memory', () => {
    const [one, other] = [new Socket(), new Socket()];
    for (const socket of [one, other]) socket.read(packet([0, 94, 1]));
    expect(one.lasting).toEqual(['passing']);
    expect(other.packets[0]?.buffer).toBe(one.packets[0]?.buffer);
    expect(one.buffers.next()).toBe(other.buffers.next());
  });

  test('after some large reads what comes stays where it was read', () => {
    const socket = new Socket();
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    socket.read(Buffer.concat([...letters].map((letter) => large(letter))));
    expect(socket.packets.length).toBe(letters.length);
    expect(socket.copies.map((one) => String.fromCharCode(one[0] ?? 0)).join('')).toBe(letters);
    const stays = socket.lasting.map((lasting, i) => (lasting === 'staying' ? i : -1)).filter((i) => i >= 0);
    expect(stays.length).toBeGreaterThan(letters.length - 5);
    for (const i of stays) expect(socket.packets[i]?.equals(socket.copies[i] ?? Buffer.alloc(0))).toBe(true);
    socket.buffers.end();
  });

  test('a socket that brings little again goes back to the memory of all', () => {
    const socket = new Socket();
    socket.read(large('a', 200_000));
    expect(socket.buffers.next().length).toBeGreaterThan(65_536);
    for (let count = 0; count < 5; count += 1) socket.read(packet([0, 94, count]));
    expect(socket.buffers.next()).toBe(new Socket().buffers.next());
    expect(socket.lasting.at(-1)).toBe('passing');
    expect(socket.copies.slice(1).map((one) => one[2])).toEqual([0, 1, 2, 3, 4]);
  });

  test('one that ends in the middle of a packet takes it along', () => {
    const socket = new Socket();
    const stream = large('a', 200_000);
    socket.read(stream.subarray(0, 150_000));
    socket.buffers.end();
    socket.read(stream.subarray(150_000));
    expect(socket.copies.map(({ length }) => length)).toEqual([200_000]);
    socket.buffers.end();
  });

  test('only so many at once have memory of their own', () => {
    const sockets = Array.from({ length: 30 }, () => new Socket());
    for (const socket of sockets) socket.read(large('a', 200_000));
    const common = new Socket().buffers.next();
    expect(sockets.filter(({ buffers }) => buffers.next() === common).length).toBe(14);
    for (const { buffers } of sockets) buffers.end();
    for (const { buffers } of sockets) expect(buffers.next()).toBe(common);
  });

  test('whatever the sizes, the packets are those that were sent, and nothing writes over them', () => {
    const lengths = fc.array(
      fc.oneof(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 2, max: LONGEST_PACKET })),
      { maxLength: 12 },
    );
    const reads = fc.array(fc.integer({ min: 1, max: 80_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lengths, reads, (sizes, most) => {
        const socket = new Socket();
        const sent = sizes.map((size, i) => Buffer.alloc(size, i + 1));
        const stream = Buffer.concat(sent.map((body) => packet([...body])));
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          // Not byte by byte through a quarter of a megabyte.
          const count = Math.max(most[turn % most.length] ?? 1, stream.length >> 7);
          socket.read(stream.subarray(at, at + count));
          at += count;
        }
        expect(socket.copies.length).toBe(sent.length);
        expect(socket.copies.every((one, i) => one.equals(sent[i] ?? Buffer.alloc(0)))).toBe(true);
        socket.packets.forEach((one, i) => {
          if (socket.lasting[i] === 'staying') expect(one.equals(sent[i] ?? Buffer.alloc(0))).toBe(true);
        });
        socket.buffers.end();
      }),
      { numRuns: 100 },
    );
  });
});
