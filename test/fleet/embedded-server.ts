import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { Endpoint } from './addresses.js';
import { EmbeddedSessions } from './embedded-session.js';
import type { HostServer } from './host-server.js';
import { signalQuietly } from './processes.js';

export interface EmbeddedOptions {
  readonly name: string;
  readonly fleetId: string;
  readonly home: string;
  readonly user: string;
  readonly hostKey: string;
  /** The public key that may log in. */
  readonly authorizedKey: string;
  readonly logFile: string;
}

/** publickey only; asks in vain for anything else (RFC 4252 section 7). */
function authenticate(context: ssh2.AuthContext, user: string, allowed: ssh2.ParsedKey): 'accepted' | 'no' {
  const isAllowed =
    context.method === 'publickey' &&
    context.username === user &&
    context.key.algo === allowed.type &&
    context.key.data.equals(allowed.getPublicSSH());
  if (!isAllowed) {
    context.reject(['publickey']);
    return 'no';
  }
  if (!context.signature || !context.blob) {
    // The client asks whether this key would do.
    context.accept();
    return 'no';
  }
  if (allowed.verify(context.blob, context.signature, context.hashAlgo) !== true) {
    context.reject(['publickey']);
    return 'no';
  }
  context.accept();
  return 'accepted';
}

/** An SSH server in this process, for where no sshd is installed: logs in the fleet's key, runs commands as ourselves. */
export async function startEmbeddedServer(
  options: EmbeddedOptions,
  { address, port }: Endpoint,
): Promise<HostServer> {
  const allowed = ssh2.utils.parseKey(options.authorizedKey);
  if (allowed instanceof Error) throw allowed;
  const sockets = new Set<Socket>();
  const sessions = new EmbeddedSessions();
  const log = (line: string) => {
    appendFileSync(options.logFile, `${line}\n`);
  };

  const protocol = new ssh2.Server({ hostKeys: [options.hostKey] }, (client, info) => {
    const from = `${info.ip} port ${info.port}`;
    log(`Connection from ${from} on ${address} port ${port}`);
    client
      .on('authentication', (context) => {
        // In sshd's words, so that one reader serves both.
        if (authenticate(context, options.user, allowed) === 'accepted') {
          log(`Accepted publickey for ${options.user} from ${from} ssh2: ED25519`);
        }
      })
      .on('session', (accept) => {
        sessions.serve(accept(), {
          FLEET_HOST: options.name,
          FLEET_ID: options.fleetId,
          HOME: options.home,
          SSH_CLIENT: `${info.ip} ${info.port} ${port}`,
          SSH_CONNECTION: `${info.ip} ${info.port} ${address} ${port}`,
        });
      })
      // `ssh -W` and ProxyJump.
      .on('tcpip', (accept, reject, { destIP, destPort }) => {
        const target = connect(destPort, destIP);
        target.once('error', () => reject());
        target.once('connect', () => {
          const channel = accept();
          target.removeAllListeners('error').on('error', () => channel.destroy());
          channel.on('error', () => target.destroy()).on('close', () => target.destroy());
          channel.pipe(target).pipe(channel);
        });
      })
      .on('error', (error: Error) => log(`Connection from ${from}: ${error.message}`))
      .on('close', () => log(`Disconnected from ${from}`));
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    protocol.injectSocket(socket);
  });
  server.listen(port, address);
  await once(server, 'listening');
  log(`Server listening on ${address} port ${port}.`);

  return {
    async close() {
      const closed = server.listening ? once(server, 'close') : null;
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async roots() {
      return sessions.pids();
    },
    killNow() {
      for (const pid of sessions.pids()) signalQuietly(-pid, 'SIGKILL');
    },
  };
}
