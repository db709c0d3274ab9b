import { afterEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/transport/transport.js';
import { until } from '../../fleet/until.js';
import { tempFolder } from '../temp-folder.js';
import { connectTo } from './mux-client.js';
import { packet, server } from './packets.js';
import { type PeerOptions, type WirePeer, wirePeer } from './wire-peer.js';

const folder = tempFolder();
let peer: WirePeer;
afterEach(() => peer.close());

const WINDOW = 1024;
const SHORT = 100;

async function connected(options: PeerOptions = {}): Promise<Connection> {
  const path = folder.file('c');
  peer = await wirePeer(path, options);
  return connectTo(path, { window: WINDOW, maxPacket: 512 });
}

const full = (): Buffer => Buffer.alloc(512, 'x');

describe('what can not be right ends the connection with ERR_MUX_PROTOCOL, and nothing else', () => {
  // Each against a running command on channel 0.
  const hostile: Record<string, Buffer> = {
    'a length of 0': packet([]),
    'a length of 4 GB': Buffer.from([255, 255, 255, 255, 0, 94]),
    'a packet of one byte': packet([0]),
    'a padded packet': packet([4, 96], 0, 0),
    'an unknown message': packet([0, 201], 0),
    'a transport message': packet([0, 20]),
    'an answer to a global request that was not asked': packet([0, 81]),
    'data for a channel that is not there': server.data(77, 'x'),
    'a close of a channel that is not there': server.close(77),
    'a window for a channel that is not there': server.windowAdjust(0xffffffff, 1),
    'data beyond the maximum packet': server.data(0, Buffer.alloc(513)),
    'data beyond the window': Buffer.concat([
      server.data(0, full()),
      server.data(0, full()),
      server.data(0, 'x'),
    ]),
    'unknown extended data beyond the maximum packet': server.extendedData(0, 9, Buffer.alloc(513)),
    'data after eof': Buffer.concat([server.eof(0), server.data(0, 'x')]),
    'stderr after eof': Buffer.concat([server.eof(0), server.extendedData(0, 1, 'x')]),
    'data after close': Buffer.concat([server.close(0), server.data(0, 'x')]),
    'a second close': Buffer.concat([server.close(0), server.close(0)]),
    'a string longer than its packet': packet([0, 94], 0, 1000),
    'a string of 4 GB in a small packet': packet([0, 94], 0, 0xffffffff),
    'data cut short': packet([0, 94], 0),
    'bytes after the last field': packet([0, 96], 0, 0),
    'a window of more than 2^32-1': Buffer.concat([
      server.windowAdjust(0, 0xffffffff),
      server.windowAdjust(0, 0xffffffff),
    ]),
    'a second confirmation': server.confirmation(0, 5),
    'a refusal after the confirmation': server.openFailure(0),
    'success for nothing': server.success(0),
    'failure for nothing': server.failure(0),
    'an exit status cut short': packet([0, 98], 0, 'exit-status', false),
    'an exit status with more behind it': packet([0, 98], 0, 'exit-status', false, 1, 2),
    'an exit signal without its fields': packet([0, 98], 0, 'exit-signal', false, 'TERM'),
  };

  test.each(Object.entries(hostile))('%s', async (name, bytes) => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'pipe' });
    channel.exited.catch(() => undefined);
    peer.send(bytes);
    await until(() => peer.left, { deadlineMs: 5_000, what: 'the client to leave' });
    expect(connection.poisoned).toBe(true);
    // After a close the command's end is known already.
    const closed = name.includes('close') && !name.includes('not there');
    if (closed) expect(await channel.exited).toEqual({ signal: null });
    else await expect(channel.exited).rejects.toMatchObject({ code: 'ERR_MUX_PROTOCOL', target: 'web1' });
    expect((await channel.stdout.toArray()).length).toBeLessThanOrEqual(WINDOW);
    await expect(connection.open('x', { stdin: 'none' })).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    await connection.close();
  });

  test.each([
    ['data before the confirmation', server.data(0, 'x')],
    ['a close before the confirmation', server.close(0)],
    ['a maximum packet of 0', server.confirmation(0, 5, 100, 0)],
  ])('%s: the command was not sent', async (_, bytes) => {
    const connection = await connected({
      on: ({ number }, send) => {
        if (number !== 90) return false;
        send(bytes);
        return true;
      },
    });
    await expect(connection.open('x', { stdin: 'none' })).rejects.toMatchObject({
      code: 'ERR_CHANNEL_OPEN',
      cause: { code: 'ERR_MUX_PROTOCOL' },
    });
    await connection.close();
  });

  test.each<[string, PeerOptions]>([
    ['another greeting', { greeting: packet([], 0x80000005, 4) }],
    ['another version', { greeting: packet([], 1, 5) }],
    ['an HTTP server', { greeting: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }],
    ['a short greeting', { greeting: packet([0, 1]) }],
    ['an answer to another request', { proxyReply: packet([], 0x8000000f, 9) }],
    ['another answer', { proxyReply: packet([], 0x80000001, 0) }],
    ['a refusal', { proxyReply: packet([], 0x80000003, 0, 'no') }],
  ])('%s: no connection', async (_, options) => {
    await expect(connected(options)).rejects.toMatchObject({ code: 'ERR_MUX_PROTOCOL' });
  });
});

describe('what costs memory has a bound', () => {
  test('questions whose answers are not read stop being read', async () => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'none' });
    const question = server.request(0, 'odd@example.com', true);
    const flood = Buffer.concat(Array.from({ length: 200_000 }, () => question));
    peer.read(false);
    peer.send(flood);
    let before = -1;
    const standsStill = (): boolean => {
      const same = peer.unsent === before;
      before = peer.unsent;
      return same;
    };
    await until(standsStill, { deadlineMs: 10_000, what: 'the client to stop reading', everyMs: 100 });
    expect(peer.unsent).toBeGreaterThan(flood.length / 2);
    peer.read(true);
    peer.send(server.exitStatus(0, 3));
    expect(await channel.exited).toEqual({ status: 3 });
    await connection.close();
  });

  test('bytes in packets of one each cost no more than the window while nobody reads', async () => {
    const path = folder.file('c');
    peer = await wirePeer(path);
    const connection = await connectTo(path, { window: 2 ** 20 });
    const channel = await connection.open('x', { stdin: 'none' });
    const piece = Buffer.concat(Array.from({ length: 2 ** 14 }, () => server.data(0, 'x')));
    const before = process.memoryUsage();
    for (let i = 0; i < 64; i += 1) peer.send(piece);
    peer.send(server.exitStatus(0, 0));
    await channel.exited;
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(24 * 2 ** 20);
    expect(peer.messages.some(({ number }) => number === 93)).toBe(false);
    expect((await firstBytes(channel.stdout, 2 ** 20)).length).toBe(2 ** 20);
    await connection.close();
  });
});

async function firstBytes(stream: AsyncIterable<Buffer>, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= count) break;
  }
  return Buffer.concat(chunks);
}

describe('a peer that is silent', () => {
  const silent = (on: PeerOptions['on']): PeerOptions => (on === undefined ? {} : { on });
  const connectShort = async (options: PeerOptions, connectDeadlineMs = 10_000): Promise<Connection> => {
    const path = folder.file('c');
    peer = await wirePeer(path, options);
    return connectTo(path, { connectDeadlineMs, answerDeadlineMs: SHORT });
  };

  test('no greeting, or no answer to the request: ERR_MASTER at the deadline', async () => {
    await expect(connectShort({ greeting: Buffer.alloc(0), proxyReply: null }, SHORT)).rejects.toMatchObject({
      code: 'ERR_MASTER',
    });
    await peer.close();
    await expect(connectShort({ proxyReply: null }, SHORT)).rejects.toMatchObject({
      code: 'ERR_MASTER',
      message: 'the master does not answer within 0.1s',
    });
  });

  test('no answer to an OPEN: not started; the socket stays, for closing it would end the master', async () => {
    const connection = await connectShort(silent(({ number, channel }) => number === 90 && channel > 0));
    const running = await connection.open('x', { stdin: 'none' });
    const failing = Array.from({ length: 12 }, () => connection.open('x', { stdin: 'none' }));
    for (const one of await Promise.allSettled(failing))
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CHANNEL_OPEN' } });
    expect(connection.poisoned).toBe(true);
    peer.send(server.exitStatus(0, 7));
    expect(await running.exited).toEqual({ status: 7 });
    await connection.close();
    expect(peer.left).toBe(false);
  });

  test('an answer that comes after all: the session is closed, nothing is started', async () => {
    const connection = await connectShort(silent(({ number }) => number === 90));
    await expect(connection.open('x', { stdin: 'none' })).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    peer.send(server.confirmation(0, 1000));
    await until(() => peer.messages.some(({ number }) => number === 97), {
      deadlineMs: 5_000,
      what: 'the CLOSE',
    });
    expect(peer.messages.some(({ name }) => name === 'exec')).toBe(false);
    await connection.close();
  });

  test('no answer to the command: whether it runs is not known', async () => {
    const connection = await connectShort(silent(({ name }) => name === 'exec'));
    await expect(connection.open('x', { stdin: 'none' })).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    await connection.close();
  });
});
