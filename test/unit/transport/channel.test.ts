import { afterEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/transport/transport.js';
import { until } from '../../fleet/until.js';
import { tempFolder } from '../temp-folder.js';
import { connectTo } from './mux-client.js';
import { server } from './packets.js';
import { type PeerOptions, type Received, type WirePeer, wirePeer } from './wire-peer.js';

const folder = tempFolder();
let peer: WirePeer;
afterEach(() => peer.close());

async function connected(options: PeerOptions = {}, window = 2 ** 21): Promise<Connection> {
  const path = folder.file('c');
  peer = await wirePeer(path, options);
  return connectTo(path, { window });
}

const sent = (number: number): Received[] => peer.messages.filter((message) => message.number === number);
const arrives = (number: number, count = 1): Promise<true> =>
  until(() => sent(number).length >= count, { deadlineMs: 5_000, what: `message ${number}` });
// The answer to this one shows that all before it was dealt with.
const settled = async (): Promise<void> => {
  const before = sent(82).length;
  peer.send(server.globalRequest('settled@example.com', true));
  await arrives(82, before + 1);
};

describe('the way of a command', () => {
  test('variables, then the command, then at once the end of an input that is none', async () => {
    const connection = await connected();
    await connection.open('uptime', { stdin: 'none', env: { A: '1', B: 'é' } });
    const order = peer.messages.map(({ number, name }) => name || number);
    expect(order).toEqual([90, 'env', 'env', 'exec', 96]);
    const exec = peer.messages.find(({ name }) => name === 'exec');
    expect(exec?.wantReply).toBe(true);
    expect(exec?.body.toString('latin1')).toContain('uptime');
    await connection.close();
  });

  test('status, both outputs and the end come to their places; our CLOSE answers the server’s', async () => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'none' });
    peer.send(server.data(0, 'out'));
    peer.send(server.extendedData(0, 1, 'err'));
    peer.send(server.extendedData(0, 2, 'of no known kind'));
    peer.send(Buffer.concat([server.exitStatus(0, 255), server.eof(0), server.close(0)]));
    expect(await channel.exited).toEqual({ status: 255 });
    await channel.released;
    expect(Buffer.concat(await channel.stdout.toArray()).toString()).toBe('out');
    expect(Buffer.concat(await channel.stderr.toArray()).toString()).toBe('err');
    await arrives(97);
    expect(channel.cut).toBe(null);
    await connection.close();
  });

  test.each([
    ['TERM', 'TERM'],
    ['SIGKILL', 'KILL'],
    ['SIG@openssh.com', null],
    ['\u001b[2J', null],
  ])('a command killed by %j ends by %j', async (name, signal) => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'none' });
    peer.send(server.exitSignal(0, name));
    expect(await channel.exited).toEqual({ signal });
    await connection.close();
  });

  test('a close without a word of the end is an end by a signal that is not known', async () => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'none' });
    peer.send(server.close(0));
    expect(await channel.exited).toEqual({ signal: null });
    await connection.close();
  });

  test('a command that the server refuses was not started', async () => {
    const connection = await connected({
      on: ({ name, channel }, send) => {
        if (name === 'exec') send(server.failure(channel));
        return name === 'exec';
      },
    });
    await expect(connection.open('x', { stdin: 'none' })).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    await arrives(97);
    expect(connection.poisoned).toBe(false);
    await connection.close();
  });

  test('a command longer than ssh carries is refused before it is sent', async () => {
    const connection = await connected();
    await expect(connection.open('x'.repeat(300_000), { stdin: 'none' })).rejects.toMatchObject({
      code: 'ERR_CHANNEL_OPEN',
      message: expect.stringContaining('300000 bytes'),
    });
    expect(sent(98)).toEqual([]);
    await connection.close();
  });

  test('a terminal is asked for first; without it the command is not started', async () => {
    const connection = await connected();
    const pty = { term: 'xterm', columns: 80, rows: 24 };
    await expect(connection.open('x', { stdin: 'pipe', pty })).rejects.toMatchObject({
      code: 'ERR_CHANNEL_OPEN',
    });
    await arrives(97);
    expect(sent(98).map(({ name }) => name)).toEqual(['pty-req']);
    await connection.close();
  });

  test('a subsystem is asked for by its name', async () => {
    const connection = await connected({
      on: ({ name, channel }, send) => {
        if (name === 'subsystem') send(server.success(channel));
        return name === 'subsystem';
      },
    });
    await connection.open('sftp', { stdin: 'pipe', subsystem: true });
    expect(sent(98).map(({ name }) => name)).toEqual(['subsystem']);
    await connection.close();
  });
});

describe('questions of the server', () => {
  test('are answered with a failure where an answer is wanted, its channels are refused', async () => {
    const connection = await connected();
    await connection.open('x', { stdin: 'none' });
    peer.send(server.request(0, 'keepalive@openssh.com', true));
    peer.send(server.request(0, 'odd@example.com', false));
    peer.send(server.globalRequest('keepalive@openssh.com', true));
    peer.send(server.globalRequest('hostkeys-00@openssh.com', false));
    peer.send(server.open('auth-agent@openssh.com', 9));
    await settled();
    expect([100, 82, 92].map((number) => sent(number).length)).toEqual([1, 2, 1]);
    await connection.close();
  });
});

describe('signal', () => {
  const withSignals = (granted: boolean): PeerOptions => ({
    on: ({ name, channel }, send) => {
      if (name === 'signal') send(granted ? server.success(channel) : server.failure(channel));
      return name === 'signal';
    },
  });

  test.each([true, false])('tells whether the server granted it: %s', async (granted) => {
    const connection = await connected(withSignals(granted));
    const channel = await connection.open('x', { stdin: 'none' });
    expect(await channel.signal?.('TERM')).toBe(granted);
    expect(peer.messages.at(-1)?.body.toString('latin1')).toContain('TERM');
    await connection.close();
  });

  test('is false for a command that has ended, or that ends before the answer', async () => {
    const connection = await connected({ on: ({ name }) => name === 'signal' });
    const channel = await connection.open('x', { stdin: 'none' });
    const waiting = channel.signal?.('TERM');
    await arrives(98, 2);
    peer.send(Buffer.concat([server.exitSignal(0, 'TERM'), server.close(0)]));
    expect(await waiting).toBe(false);
    expect(await channel.signal?.('KILL')).toBe(false);
    expect(sent(98).filter(({ name }) => name === 'signal').length).toBe(1);
    await connection.close();
  });
});

describe('windows', () => {
  test('the server gets more room only as the reader takes', async () => {
    const connection = await connected({}, 1000);
    const channel = await connection.open('x', { stdin: 'none' });
    peer.send(server.data(0, Buffer.alloc(500)));
    peer.send(server.extendedData(0, 1, Buffer.alloc(500)));
    await settled();
    expect(sent(93)).toEqual([]);
    channel.stdout.resume();
    await arrives(93);
    expect(sent(93)[0]?.body.readUInt32BE(6)).toBe(500);
    channel.stderr.resume();
    await arrives(93, 2);
    expect(sent(93)[1]?.body.readUInt32BE(6)).toBe(500);
    await connection.close();
  });

  test('what one reader takes is given back though the other takes nothing', async () => {
    const connection = await connected({}, 1000);
    const channel = await connection.open('x', { stdin: 'none' });
    peer.send(server.data(0, Buffer.alloc(900)));
    channel.stderr.resume();
    peer.send(server.extendedData(0, 1, Buffer.alloc(100)));
    await arrives(93);
    expect(sent(93)[0]?.body.readUInt32BE(6)).toBe(100);
    channel.stdout.destroy();
    await connection.close();
  });

  test('what a reader that has gone away left is let through', async () => {
    const connection = await connected({}, 1000);
    const channel = await connection.open('x', { stdin: 'none' });
    peer.send(server.data(0, Buffer.alloc(1000)));
    await settled();
    channel.stdout.destroy();
    await arrives(93);
    peer.send(server.data(0, Buffer.alloc(1000)));
    await arrives(93, 2);
    await connection.close();
  });

  test('input goes in pieces of the server’s maximum packet, and stops at its window', async () => {
    const connection = await connected({
      on: ({ number, channel }, send) => {
        if (number === 90) send(server.confirmation(channel, channel + 1000, 250, 100));
        return number === 90;
      },
    });
    const channel = await connection.open('x', { stdin: 'pipe' });
    channel.stdin?.end(Buffer.alloc(400, 'i'));
    await arrives(94, 3);
    await settled();
    const lengths = (): number[] => sent(94).map(({ body }) => body.readUInt32BE(6));
    expect(lengths()).toEqual([100, 100, 50]);
    expect(sent(96)).toEqual([]);
    peer.send(server.windowAdjust(0, 1000));
    await arrives(96);
    expect(lengths()).toEqual([100, 100, 50, 100, 50]);
    await connection.close();
  });

  test('a command that has closed its input gets no more of it', async () => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'pipe' });
    peer.send(server.request(0, 'eow@openssh.com', false));
    await until(() => channel.stdin?.destroyed, { deadlineMs: 5_000, what: 'the input to be closed' });
    peer.send(server.exitStatus(0, 0));
    expect(await channel.exited).toEqual({ status: 0 });
    await connection.close();
  });
});

describe('close', () => {
  test('lets go at once; what the server still says of the end is heard', async () => {
    const connection = await connected({ on: ({ number }) => number === 97 });
    const channel = await connection.open('x', { stdin: 'pipe' });
    peer.send(server.data(0, 'before'));
    await settled();
    channel.close();
    expect(Buffer.concat(await channel.stdout.toArray()).toString()).toBe('before');
    expect(channel.stdin?.destroyed).toBe(true);
    peer.send(
      Buffer.concat([server.data(0, 'after'), server.request(0, 'odd', true), server.exitStatus(0, 9)]),
    );
    expect(await channel.exited).toEqual({ status: 9 });
    await settled();
    // After our CLOSE nothing further may be sent on the channel (RFC 4254 section 5.3).
    expect([sent(97).length, sent(100).length]).toEqual([1, 0]);
    peer.send(server.close(0));
    await channel.released;
    await connection.close();
  });
});

describe('the connection is lost', () => {
  test('while a command runs: how it ended is not known', async () => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'pipe' });
    peer.send(server.data(0, 'so far'));
    await settled();
    peer.drop();
    await expect(channel.exited).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', target: 'web1' });
    expect(Buffer.concat(await channel.stdout.toArray()).toString()).toBe('so far');
    expect(connection.poisoned).toBe(true);
    await connection.close();
  });

  test('before the answer to the OPEN, or while waiting for a session: it was not started', async () => {
    const connection = await connected({ on: ({ number }) => number === 90 });
    const opens = Array.from({ length: 12 }, () => connection.open('x', { stdin: 'none' }));
    await arrives(90, 8);
    peer.drop();
    for (const one of await Promise.allSettled(opens))
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CHANNEL_OPEN' } });
    await connection.close();
  });

  test('before the answer to the command: whether it runs is not known', async () => {
    const connection = await connected({ on: ({ name }) => name === 'exec' });
    const opening = connection.open('x', { stdin: 'none' });
    opening.catch(() => undefined);
    await arrives(98);
    peer.drop();
    await expect(opening).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    await connection.close();
  });

  test('after the exit status but before all output: the status stands, and that the output is cut', async () => {
    const connection = await connected();
    const channel = await connection.open('x', { stdin: 'none' });
    peer.send(server.exitStatus(0, 0));
    expect(await channel.exited).toEqual({ status: 0 });
    peer.drop();
    await channel.released;
    expect(channel.cut).toMatchObject({ code: 'ERR_DISCONNECTED' });
    await connection.close();
  });
});
