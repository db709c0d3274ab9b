import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MuxChannel } from '../../../src/transport/mux/channel.js';
import { decode, type Message } from '../../../src/transport/mux/decode.js';
import { WireFault } from '../../../src/transport/mux/fault.js';
import { Framer, LONGEST_PACKET } from '../../../src/transport/mux/wire.js';
import { packet, server } from './packets.js';

// In all 100,000 cases, in some seconds.
const CHUNKINGS = 10_000;
const NOISE = 40_000;
const MUTATIONS = 50_000;

const channel = fc.constantFrom(0, 0, 0, 0, 7, 0xffffffff);
const bytes = fc.uint8Array({ maxLength: 40 });
/** Messages that a server may send, in any order. */
const message: fc.Arbitrary<Buffer> = fc.oneof(
  fc.tuple(channel, bytes).map(([to, data]) => server.data(to, data)),
  fc
    .tuple(channel, fc.constantFrom(1, 2), bytes)
    .map(([to, code, data]) => server.extendedData(to, code, data)),
  fc.tuple(channel, fc.nat(0xffffffff)).map(([to, more]) => server.windowAdjust(to, more)),
  channel.map((to) => server.eof(to)),
  channel.map((to) => server.close(to)),
  channel.map((to) => server.success(to)),
  channel.map((to) => server.failure(to)),
  fc.tuple(channel, fc.nat(0xffffffff)).map(([to, status]) => server.exitStatus(to, status)),
  fc
    .tuple(channel, fc.constantFrom('TERM', 'SIG@openssh.com', ''))
    .map(([to, name]) => server.exitSignal(to, name)),
  fc.tuple(channel, fc.string(), fc.boolean()).map(([to, name, reply]) => server.request(to, name, reply)),
  fc.tuple(channel, fc.nat(0xffffffff)).map(([to, peer]) => server.confirmation(to, peer)),
  channel.map((to) => server.openFailure(to)),
  fc.nat(0xffffffff).map((sender) => server.open('session', sender)),
  fc.boolean().map((reply) => server.globalRequest('keepalive@openssh.com', reply)),
);

function chunksOf(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < stream.length; i += 1) {
    const size = sizes.length === 0 ? stream.length : (sizes[i % sizes.length] ?? 1);
    chunks.push(stream.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** What is made of it, and the fault that it ended in. */
function read(chunks: readonly Buffer[], onMessage: (message: Message) => void): string | null {
  const framer = new Framer((body) => onMessage(decode(body)));
  try {
    for (const chunk of chunks) framer.push(chunk, 'passing');
    return null;
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    return error.message;
  }
}

test('any chunking of a stream gives the same messages', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), sizes, (messages, cuts) => {
      const stream = Buffer.concat(messages);
      const whole: Message[] = [];
      const cut: Message[] = [];
      expect(read([stream], (one) => whole.push(one))).toBe(null);
      expect(read(chunksOf(stream, cuts), (one) => cut.push(structuredClone(one)))).toBe(null);
      expect(whole.length).toBe(messages.length);
      expect(JSON.stringify(cut)).toBe(JSON.stringify(whole.map((one) => structuredClone(one))));
    }),
    { numRuns: CHUNKINGS },
  );
});

test('read into one piece of memory, a chunk further each time, it gives the same, and nothing is copied', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), sizes, (messages, cuts) => {
      const stream = Buffer.concat(messages);
      const whole: Buffer[] = [];
      const cut: Buffer[] = [];
      new Framer((one) => whole.push(one)).push(stream, 'passing');
      const framer = new Framer((one, lasting) => {
        expect([lasting, one.buffer]).toEqual(['staying', stream.buffer]);
        cut.push(one);
      });
      let rest = 0;
      let filled = 0;
      for (const { length } of chunksOf(stream, cuts)) {
        filled += length;
        rest = filled - framer.push(stream.subarray(rest, filled), 'staying');
      }
      expect(rest).toBe(stream.length);
      expect(cut).toEqual(whole);
    }),
    { numRuns: 2_000 },
  );
});

test('noise gives messages or a fault, never anything else, and no packet above the bound', () => {
  // Lengths that fit now and then, or noise would end at its first four bytes.
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((data) => Buffer.from(data)),
    fc.tuple(fc.integer({ min: 78, max: 102 }), fc.uint8Array({ maxLength: 40 })).map(([number, data]) => {
      const body = Buffer.concat([Buffer.from([0, number]), data]);
      return packet([...body]);
    }),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 4 }), fc.integer({ min: 1, max: 20 }), (parts, size) => {
      read(chunksOf(Buffer.concat(parts), [size]), (one) => {
        if ('data' in one && one.data.length > LONGEST_PACKET) throw new Error('too long');
      });
    }),
    { numRuns: NOISE },
  );
});

test('mutated streams end a channel in a fault or not at all, and never hold more than the window', () => {
  const window = 64;
  const mutation = fc.tuple(fc.nat(400), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.array(mutation, { maxLength: 3 }),
      (messages, mutations) => {
        const stream = Buffer.concat(messages);
        for (const [at, value] of mutations) if (stream.length > 0) stream[at % stream.length] = value;
        let granted = window;
        let received = 0;
        const session = new MuxChannel(
          {
            label: 'web1',
            answer: () => undefined,
            sendData: () => undefined,
            send: (sent) => {
              if (sent[5] === 93) granted += sent.readUInt32BE(10);
            },
          },
          1,
          { window: 10, maxPacket: 10 },
          { window, maxPacket: 40 },
          () => undefined,
        );
        session.openInput();
        read([stream], (one) => {
          if (!('channel' in one) || one.channel !== 0) return;
          session.receive(one, 'staying');
          if ('data' in one) received += one.data.length;
          if (received > granted) throw new Error('more than was allowed');
        });
        session.stdout.destroy();
        session.stderr.destroy();
      },
    ),
    { numRuns: MUTATIONS },
  );
});
