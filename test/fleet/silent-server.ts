import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { Endpoint } from './addresses.js';
import type { HostServer } from './host-server.js';

export type Silence = 'silent-before-banner' | 'silent-after-banner' | 'silent-after-kex';

/** A server that stops answering at one point and holds the connection open. */
export async function startSilentServer(
  silence: Silence,
  { address, port }: Endpoint,
  hostKey: string,
): Promise<HostServer> {
  const sockets = new Set<Socket>();
  const mute = (socket: Socket) => {
    // Read, so that it is noticed when the client goes.
    socket.resume();
    if (silence === 'silent-after-banner') socket.write('SSH-2.0-OpenSSH_9.2\r\n');
  };
  // An authentication that is neither accepted nor rejected is never answered.
  const afterKex = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('authentication', () => {}).on('error', () => {});
  });
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    if (silence === 'silent-after-kex') afterKex.injectSocket(socket);
    else mute(socket);
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    async close() {
      const closed = server.listening ? once(server, 'close') : null;
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async roots() {
      return [];
    },
    killNow() {},
  };
}
