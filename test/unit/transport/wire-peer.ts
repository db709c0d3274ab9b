import { createServer, type Socket } from 'node:net';
import { packet, server } from './packets.js';

/** A message of the client, as far as a test needs to know it. */
export interface Received {
  readonly number: number;
  /** The client's number of the channel. */
  readonly channel: number;
  /** Of a request. */
  readonly name: string;
  readonly wantReply: boolean;
  readonly body: Buffer;
}

export interface PeerOptions {
  /** Bytes instead of the master's greeting. */
  readonly greeting?: Buffer;
  /** Bytes instead of the answer to the proxy request; null: silence. */
  readonly proxyReply?: Buffer | null;
  /** Does with a message what the default does not: true when it has. */
  readonly on?: (message: Received, send: (bytes: Buffer) => void) => boolean;
}

export interface WirePeer {
  readonly messages: Received[];
  readonly connections: number;
  send(bytes: Buffer): void;
  /** Whether the client has closed its socket. */
  readonly left: boolean;
  /** Bytes that the client has not taken yet. */
  readonly unsent: number;
  /** Stops reading what the client sends, or goes on with it. */
  read(on: boolean): void;
  drop(): void;
  close(): Promise<void>;
}

// The server's number of a channel, from the client's.
const PEER_NUMBER = 1000;

/** A master with a server behind it that confirms each session and starts each command, but for what a test wants. */
export async function wirePeer(path: string, options: PeerOptions = {}): Promise<WirePeer> {
  const messages: Received[] = [];
  const sockets: Socket[] = [];
  const senders: ((bytes: Buffer) => void)[] = [];
  const closed = new Set<number>();
  let left = false;
  const listener = createServer((socket) => {
    sockets.push(socket);
    let pending = Buffer.alloc(0);
    let stage = 0;
    const send = (bytes: Buffer): void => {
      for (const channel of closesIn(bytes)) closed.add(channel);
      socket.write(bytes);
    };
    senders.push(send);
    send(options.greeting ?? packet([], 1, 4));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      left = true;
    });
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
        const body = pending.subarray(4, 4 + pending.readUInt32BE(0));
        pending = pending.subarray(4 + body.length);
        stage += 1;
        if (stage === 2) {
          if (options.proxyReply !== null)
            send(options.proxyReply ?? packet([], 0x8000000f, body.readUInt32BE(4)));
        } else if (stage > 2) {
          const message = parse(body);
          messages.push(message);
          // It passes nothing on.
          if (options.proxyReply === null) continue;
          if (options.on?.(message, send) === true) continue;
          // A server says nothing more on a channel that it has closed.
          if (!closed.has(message.channel)) standard(message, send);
          else if (message.number === 97) closed.delete(message.channel);
        }
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(path, resolve));
  return {
    messages,
    get connections() {
      return sockets.length;
    },
    get left() {
      return left;
    },
    send: (bytes) => senders.at(-1)?.(bytes),
    get unsent() {
      return sockets.at(-1)?.writableLength ?? 0;
    },
    read: (on) => void (on ? sockets.at(-1)?.resume() : sockets.at(-1)?.pause()),
    drop: () => sockets.at(-1)?.destroy(),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Confirms, starts, closes. */
function standard(message: Received, send: (bytes: Buffer) => void): void {
  const { number, channel, name, wantReply } = message;
  if (number === 90) send(server.confirmation(channel, channel + PEER_NUMBER));
  if (number === 98 && wantReply) send(name === 'exec' ? server.success(channel) : server.failure(channel));
  if (number === 97) send(server.close(channel));
}

/** The channels that whole packets close. */
function closesIn(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 10 <= bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    if (bytes[at + 5] === 97) found.push(bytes.readUInt32BE(at + 6));
  }
  return found;
}

function parse(body: Buffer): Received {
  const number = body[1] ?? 0;
  if (number === 90) {
    const type = body.readUInt32BE(2);
    return { number, channel: body.readUInt32BE(6 + type), name: '', wantReply: false, body };
  }
  const channel = body.length >= 6 ? body.readUInt32BE(2) - PEER_NUMBER : 0;
  if (number !== 98) return { number, channel, name: '', wantReply: false, body };
  const end = 10 + body.readUInt32BE(6);
  return { number, channel, name: body.toString('latin1', 10, end), wantReply: body[end] === 1, body };
}
