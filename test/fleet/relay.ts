import { once } from 'node:events';
import { createServer, type Socket, connect as tcpConnect } from 'node:net';

export interface Relay {
  readonly port: number;
  /** From now on nothing passes any more, and nothing is closed: a network that was lost. */
  drop(): void;
  stop(): Promise<void>;
}

/** Stands between ssh and a server on 127.0.0.1, so that a test can lose the network without a firewall. */
export async function startRelay(server: {
  readonly address: string;
  readonly port: number;
}): Promise<Relay> {
  const sockets = new Set<Socket>();
  let dropping = false;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    return socket;
  };
  const forward = (from: Socket, to: Socket): void => {
    from.on('data', (chunk: Buffer) => {
      if (!dropping) to.write(chunk);
    });
    from.on('end', () => {
      if (!dropping) to.end();
    });
    from.on('close', () => {
      if (!dropping) to.destroy();
    });
  };
  // Half open, so that the end of one side is ours to pass on or not.
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = tcpConnect({ host: server.address, port: server.port, allowHalfOpen: true });
    forward(keep(client), keep(upstream));
    forward(upstream, client);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as { port: number }).port,
    drop: () => {
      dropping = true;
    },
    async stop() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
