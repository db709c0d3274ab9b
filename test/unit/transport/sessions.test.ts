import { afterEach, describe, expect, test } from 'vitest';
import { createMuxTransport, type MuxOptions } from '../../../src/transport/mux.js';
import type { Channel, Connection } from '../../../src/transport/transport.js';
import { until } from '../../fleet/until.js';
import { tempFolder } from '../temp-folder.js';
import { makeMaster, NEVER, somePool } from './mux-client.js';
import { server } from './packets.js';
import { type PeerOptions, type WirePeer, wirePeer } from './wire-peer.js';

const folder = tempFolder();
let peer: WirePeer;
afterEach(() => peer.close());

async function connected(options: PeerOptions = {}, mux: Partial<MuxOptions> = {}): Promise<Connection> {
  const path = folder.file('c');
  peer = await wirePeer(path, options);
  return createMuxTransport(mux).connect(makeMaster(path), somePool(), NEVER);
}

const count = (number: number, name?: string): number =>
  peer.messages.filter(
    (message) => message.number === number && (name === undefined || message.name === name),
  ).length;
const sees = (what: string, condition: () => boolean): Promise<true> =>
  until(condition, { deadlineMs: 5_000, what });
const start = (connection: Connection): Promise<Channel> => connection.open('x', { stdin: 'none' });
const end = (channel: number): void =>
  peer.send(Buffer.concat([server.exitStatus(channel, 0), server.eof(channel), server.close(channel)]));

/** Grants so many sessions at once. */
function limited(most: number): PeerOptions {
  let open = 0;
  return {
    on: ({ number, channel }, send) => {
      if (number === 97) open -= 1;
      if (number !== 90) return false;
      if (open >= most) {
        send(server.openFailure(channel));
        return true;
      }
      open += 1;
      return false;
    },
  };
}

describe('sessions', () => {
  test('no more than the cap are open at once, further ones wait in turn', async () => {
    const connection = await connected({}, { maxSessions: 2 });
    const order: number[] = [];
    const opens = [0, 1, 2, 3].map((n) => start(connection).then(() => order.push(n)));
    await Promise.all(opens.slice(0, 2));
    expect(connection.freeSessions).toBe(0);
    expect(count(90)).toBe(2);
    end(0);
    await opens[2];
    expect(count(90)).toBe(3);
    end(1);
    await opens[3];
    expect(order).toEqual([0, 1, 2, 3]);
    await connection.close();
  });

  test('where somebody waits, a session counts as free when the server has answered on another channel', async () => {
    let fences = 0;
    const connection = await connected(
      {
        on: ({ name }) => {
          if (name !== 'fence@pssh-ts') return false;
          fences += 1;
          return true;
        },
      },
      { maxSessions: 2 },
    );
    await Promise.all([start(connection), start(connection)]);
    const third = start(connection);
    end(0);
    await sees('the fence', () => fences === 1);
    expect(count(90)).toBe(2);
    // The server's answer to the fence.
    peer.send(server.failure(1));
    await third;
    expect(count(90)).toBe(3);
    await connection.close();
  });

  test('a fence whose own channel ends is built again', async () => {
    const connection = await connected({ on: ({ name }) => name === 'fence@pssh-ts' }, { maxSessions: 2 });
    await Promise.all([start(connection), start(connection)]);
    const third = start(connection);
    end(0);
    await sees('the fence', () => count(98, 'fence@pssh-ts') === 1);
    end(1);
    await third;
    await connection.close();
  });

  test('where no channel is left to ask on, a session counts as free a little later', async () => {
    const connection = await connected({}, { maxSessions: 1 });
    await start(connection);
    const second = start(connection);
    end(0);
    await second;
    expect(count(98, 'fence@pssh-ts')).toBe(0);
    await connection.close();
  });

  test('a refused OPEN waits for a session to end, the cap is what was granted, the master is poisoned', async () => {
    const connection = await connected(limited(2));
    const opens = Array.from({ length: 6 }, () => start(connection));
    await Promise.all(opens.slice(0, 2));
    await sees('the refusals', () => connection.poisoned === true && count(90) === 6);
    expect(connection.freeSessions).toBe(0);
    for (const [n, opening] of opens.entries()) {
      const channel = await opening;
      end(n < 2 ? n : 4 + n);
      await channel.exited;
    }
    // None was refused twice.
    expect(count(90)).toBe(10);
    await connection.close();
    // The socket stays: the master would end with it.
    expect(peer.left).toBe(false);
  });

  test('refused although none is open: not started', async () => {
    const connection = await connected(limited(0));
    for (const one of await Promise.allSettled(Array.from({ length: 10 }, () => start(connection)))) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CHANNEL_OPEN' } });
    }
    expect(connection.poisoned).toBe(true);
    await connection.close();
  });

  test('refused because the last one was not free yet: tried again', async () => {
    let refusals = 2;
    const connection = await connected(
      {
        on: ({ number, channel }, send) => {
          if (number !== 90 || channel === 0 || refusals === 0) return false;
          refusals -= 1;
          send(server.openFailure(channel));
          return true;
        },
      },
      { maxSessions: 1 },
    );
    await start(connection);
    end(0);
    await start(connection);
    expect(count(90)).toBe(4);
    await connection.close();
  });

  test('the next master of a host starts with the cap that the last one taught', async () => {
    const path = folder.file('c');
    peer = await wirePeer(path, limited(1));
    const transport = createMuxTransport();
    const pool = somePool();
    const first = await transport.connect(makeMaster(path), pool, NEVER);
    await start(first);
    const second = start(first);
    await sees('the refusal', () => first.poisoned === true);
    end(0);
    await second;
    await first.close();
    const next = await transport.connect(makeMaster(path), pool, NEVER);
    expect(next.freeSessions).toBe(1);
    await next.close();
  });

  test('who does not want to wait fails at once, whether the cap says so or the server', async () => {
    const connection = await connected(limited(1), { maxSessions: 2 });
    await start(connection);
    const impatient = (): Promise<Channel> => connection.open('x', { stdin: 'none', wait: false });
    await expect(impatient()).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    expect(count(90)).toBe(2);
    await expect(impatient()).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    expect(count(90)).toBe(2);
    await connection.close();
  });

  test('giving up while waiting takes nobody else’s turn', async () => {
    const connection = await connected({}, { maxSessions: 1 });
    await start(connection);
    const controller = new AbortController();
    const given = connection.open('x', { stdin: 'none', signal: controller.signal });
    const other = start(connection);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    end(0);
    await other;
    await connection.close();
  });

  test('giving up an OPEN that was sent: its session is closed when it comes', async () => {
    const connection = await connected({ on: ({ number }) => number === 90 });
    const controller = new AbortController();
    const given = connection.open('x', { stdin: 'none', signal: controller.signal });
    given.catch(() => undefined);
    await sees('the OPEN', () => count(90) === 1);
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    peer.send(server.confirmation(0, 1000));
    await sees('the CLOSE', () => count(97) === 1);
    expect(count(98)).toBe(0);
    expect(connection.poisoned).toBe(false);
    await connection.close();
  });
});

describe('connections to one master', () => {
  test('share a socket, which is closed with the last of them', async () => {
    const path = folder.file('c');
    peer = await wirePeer(path);
    const transport = createMuxTransport();
    const master = makeMaster(path);
    const both = await Promise.all([0, 1].map(() => transport.connect(master, somePool(), NEVER)));
    expect(peer.connections).toBe(1);
    const [first, second] = both as [Connection, Connection];
    const running = await start(first);
    await first.close();
    await expect(running.exited).resolves.toEqual({ signal: null });
    await expect(start(first)).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    expect(peer.left).toBe(false);
    await start(second);
    await second.close();
    await sees('the socket to be closed', () => peer.left);
    const third = await transport.connect(master, somePool(), NEVER);
    expect(peer.connections).toBe(2);
    await third.close();
  });

  test('the socket is not closed while an OPEN waits for its answer', async () => {
    const connection = await connected({ on: ({ number }) => number === 90 });
    const opening = start(connection);
    opening.catch(() => undefined);
    await sees('the OPEN', () => count(90) === 1);
    const closing = connection.close();
    expect(peer.left).toBe(false);
    peer.send(server.confirmation(0, 1000));
    await closing;
    await expect(opening).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPEN' });
    expect(count(98)).toBe(0);
    await sees('the socket to be closed', () => peer.left);
  });

  test('the socket is not closed before the server has closed every session too', async () => {
    const connection = await connected({ on: ({ number }) => number === 97 });
    await start(connection);
    const closing = connection.close();
    await sees('our CLOSE', () => count(97) === 1);
    expect(peer.left).toBe(false);
    peer.send(Buffer.concat([server.exitStatus(0, 0), server.close(0)]));
    await closing;
    expect(connection.poisoned).toBe(false);
    await sees('the socket to be closed', () => peer.left);
  });

  test('a session that the server does not close: the socket stays, the master is poisoned', async () => {
    const connection = await connected({ on: ({ number }) => number === 97 });
    await start(connection);
    await connection.close();
    expect(connection.poisoned).toBe(true);
    expect(peer.left).toBe(false);
  });

  /** A socket that is kept between its connections. */
  async function kept(options: PeerOptions = {}) {
    const path = folder.file('c');
    peer = await wirePeer(path, options);
    const transport = createMuxTransport();
    const master = makeMaster(path);
    const pool = somePool();
    const unkeep = transport.keep?.(master);
    return { connect: () => transport.connect(master, pool, NEVER), unkeep };
  }

  test('kept, the socket serves one connection after another, and is closed once nobody keeps it', async () => {
    const { connect, unkeep } = await kept();
    for (let round = 0; round < 3; round += 1) {
      const connection = await connect();
      const channel = await start(connection);
      // Each command has a session of its own; the next one's was opened meanwhile.
      end(round);
      await channel.exited;
      await connection.close();
    }
    expect([peer.connections, peer.left]).toEqual([1, false]);
    // Nobody has come for the last of them.
    await sees('the end of the session that nobody wanted', () => count(97) === 4);
    expect([count(90), peer.left]).toEqual([4, false]);
    expect(await unkeep?.()).toBe(true);
    await sees('the end of the socket', () => peer.left);
    const again = await connect();
    expect(peer.connections).toBe(2);
    await again.close();
  });

  /** One command after another over a kept socket, until `seen` has looked at each while it runs. */
  async function oneByOne(options: PeerOptions, seen: (round: number) => void) {
    const { connect, unkeep } = await kept(options);
    for (let round = 0; round < 4; round += 1) {
      const connection = await connect();
      const channel = await start(connection);
      seen(round);
      end(peer.messages.findLast(({ number }) => number === 98)?.channel ?? -1);
      await channel.exited;
      await connection.close();
    }
    return unkeep?.();
  }

  test('one command after another: the session of the next is opened together with the one before', async () => {
    const opened: number[] = [];
    expect(await oneByOne({}, () => opened.push(count(90)))).toBe(true);
    // The first may be the only one.
    expect(opened).toEqual([1, 3, 4, 5]);
    expect(peer.connections).toBe(1);
  });

  test('where the server grants one session only, that is refused once, and the commands go on', async () => {
    const opened: number[] = [];
    // A refusal ends a master whose client goes.
    expect(await oneByOne(limited(1), () => opened.push(count(90)))).toBe(false);
    expect(opened.slice(0, 2)).toEqual([1, 3]);
    expect([peer.connections, count(98)]).toEqual([1, 4]);
  });

  test('a kept socket with a session that the server does not close: its master is not to be used again', async () => {
    const { connect, unkeep } = await kept({ on: ({ number }) => number === 97 });
    const connection = await connect();
    await start(connection);
    await connection.close();
    expect(await unkeep?.()).toBe(false);
    expect(connection.poisoned).toBe(true);
    expect(peer.left).toBe(false);
  });

  test('one that is given up while connecting harms nobody else', async () => {
    const path = folder.file('c');
    peer = await wirePeer(path);
    const transport = createMuxTransport();
    const master = makeMaster(path);
    const controller = new AbortController();
    const given = transport.connect(master, somePool(), controller.signal);
    const other = transport.connect(master, somePool(), NEVER);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    const connection = await other;
    await start(connection);
    await connection.close();
    const alone = new AbortController();
    const nobody = transport.connect(master, somePool(), alone.signal);
    alone.abort(new Error('enough'));
    await expect(nobody).rejects.toThrow('enough');
    await sees('the socket to be closed', () => peer.left);
  });

  test('after a loss the next one connects anew', async () => {
    const path = folder.file('c');
    peer = await wirePeer(path);
    const transport = createMuxTransport();
    const master = makeMaster(path);
    const lost = await transport.connect(master, somePool(), NEVER);
    const running = await start(lost);
    peer.drop();
    await expect(running.exited).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    const next = await transport.connect(master, somePool(), NEVER);
    await start(next);
    await lost.close();
    await next.close();
  });

  test('no socket, or nobody behind it: ERR_MASTER', async () => {
    const connection = await connected();
    await connection.close();
    const nowhere = createMuxTransport().connect(makeMaster(folder.file('none')), somePool(), NEVER);
    await expect(nowhere).rejects.toMatchObject({
      code: 'ERR_MASTER',
      message: expect.stringContaining('no control socket'),
    });
  });
});
