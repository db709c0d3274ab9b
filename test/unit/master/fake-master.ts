import { createServer, type Server, type Socket } from 'node:net';

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A packet of PROTOCOL.mux: its length, then its words. */
export function packet(...words: readonly number[]): Buffer {
  return Buffer.concat([word(words.length * 4), ...words.map(word)]);
}

export const HELLO = packet(0x00000001, 4);

export interface FakeMaster {
  /** All that its clients have sent. */
  received(): Buffer;
  connections(): number;
  close(): Promise<void>;
}

/** Listens on a unix socket and does with each client what it is told. */
export async function fakeMaster(path: string, greet: (socket: Socket) => void): Promise<FakeMaster> {
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    greet(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    received: () => Buffer.concat(chunks),
    connections: () => connections,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Greets, and answers once the client's hello and request are there, as OpenSSH does. */
export const answer =
  (reply: Buffer) =>
  (socket: Socket): void => {
    let missing = 24;
    socket.write(HELLO);
    socket.on('data', (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing === 0) socket.write(reply);
    });
  };

/** A master that is alive. */
export const alive = (pid: number): ((socket: Socket) => void) => answer(packet(0x80000005, 0, pid));
