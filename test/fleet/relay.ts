import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between a client and one server that a test can break. */
export interface Relay {
  readonly address: string;
  readonly port: number;
  /** Passes nothing on any more, in either direction, and closes nothing. */
  freeze(): void;
  /** Passes on again; what was frozen before is cut. */
  thaw(): void;
  /** Cuts each connection once so many more bytes of the server's have passed. Null: never. */
  cutAfter(bytes: number | null): void;
  /** The same for the next connection alone. */
  cutNextAfter(bytes: number): void;
  /** Bytes of the server's that have passed so far, and how many of them came last. */
  readonly passed: { readonly bytes: number; readonly last: number };
  /** Connections taken so far. */
  readonly taken: number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  left: number;
}

export async function startRelay(to: { readonly address: string; readonly port: number }): Promise<Relay> {
  const pairs = new Set<Pair>();
  let frozen = false;
  let budget = Number.POSITIVE_INFINITY;
  let next: number | null = null;
  let sofar = { bytes: 0, last: 0 };
  let taken = 0;

  const cut = (pair: Pair): void => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  };

  const listener = createServer((client) => {
    taken += 1;
    const pair: Pair = { client, server: connect(to.port, to.address), left: next ?? budget };
    next = null;
    pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket.on('error', () => cut(pair)).on('close', () => cut(pair));
      if (frozen) socket.pause();
    }
    client.on('data', (chunk) => pair.server.write(chunk));
    pair.server.on('data', (chunk) => {
      const passed = chunk.subarray(0, pair.left);
      pair.left -= passed.length;
      sofar = { bytes: sofar.bytes + passed.length, last: passed.length };
      // `end`, not `destroy`: the last bytes must arrive, or the packet is cut elsewhere.
      if (pair.left > 0) client.write(passed);
      else client.end(passed, () => cut(pair));
    });
  });
  listener.listen(0, to.address);
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  return {
    address: to.address,
    port,
    freeze() {
      frozen = true;
      for (const { client, server } of pairs) {
        client.pause();
        server.pause();
      }
    },
    thaw() {
      frozen = false;
      for (const pair of [...pairs]) cut(pair);
    },
    cutAfter(bytes) {
      budget = bytes ?? Number.POSITIVE_INFINITY;
      for (const pair of pairs) pair.left = budget;
    },
    cutNextAfter(bytes) {
      next = bytes;
    },
    get passed() {
      return sofar;
    },
    get taken() {
      return taken;
    },
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const pair of [...pairs]) cut(pair);
      await closed;
    },
  };
}
