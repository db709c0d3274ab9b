import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Addresses, Endpoint } from './addresses.js';
import { sshdConfig } from './config-text.js';
import { startEmbeddedServer } from './embedded-server.js';
import { makeHome } from './host-home.js';
import type { HostServer } from './host-server.js';
import { type KeyPair, makeKeyPair } from './key-pair.js';
import { startSilentServer } from './silent-server.js';
import { inetdSshd, startSshd } from './sshd-server.js';
import type { HostSpec } from './types.js';

/** What all hosts of a fleet have in common. */
export interface FleetContext {
  readonly dir: string;
  readonly user: string;
  /** null: the embedded server serves. */
  readonly sshd: string | null;
  readonly hasPenalties: boolean;
  readonly via: 'port' | 'inetd';
  readonly clientKey: KeyPair;
  /** A key that opens nothing, and that no host has. */
  readonly strangerKey: KeyPair;
}

export interface StartedHost {
  readonly hostName: string;
  readonly address: string;
  readonly port: number | null;
  readonly proxyCommand: string | null;
  /** The host key that known_hosts is to hold. */
  readonly knownKey: string;
  readonly logFile: string;
  readonly server: HostServer | null;
}

const ATTEMPTS = 5;

/** Gives a free port on a host's own address, another one each time. */
type Place = () => Promise<Endpoint>;

/** A port that was free a moment ago may be somebody's by now. */
async function onFreePort<T>(place: Place, start: (endpoint: Endpoint) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await place());
    } catch (error) {
      const isTaken = /EADDRINUSE|Address already in use/.test(String(error));
      if (!isTaken || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Starts the server that a spec asks for, or what stands for one that is down. */
export async function startHost(
  spec: HostSpec,
  context: FleetContext,
  addresses: Addresses,
): Promise<StartedHost> {
  const { name, kind = 'ok' } = spec;
  // Taken before anything is awaited, so that addresses follow the order of the names.
  const address = addresses.nextAddress();
  const place = () => addresses.endpoint(address);
  if (spec.sshd?.length && context.sshd === null) {
    throw new Error(`${name}: the embedded server has no sshd_config`);
  }
  const folder = join(context.dir, 'hosts', name);
  const logFile = join(folder, 'log');
  const hostKey = await makeKeyPair(name);
  const base = { proxyCommand: null, knownKey: hostKey.publicKey, logFile };
  await mkdir(folder);
  const home = await makeHome(folder);
  if (spec.user !== undefined) await handOver(home, spec.user, context);
  await writeFile(logFile, '');

  switch (kind) {
    case 'dead-port': {
      const free = await place();
      return { ...base, hostName: free.address, ...free, server: null };
    }
    case 'unresolvable': {
      const hostName = `${name}.invalid`;
      return { ...base, hostName, address: hostName, port: 22, server: null };
    }
    case 'silent-before-banner':
    case 'silent-after-banner':
    case 'silent-after-kex':
      return onFreePort(place, async (endpoint) => {
        const server = await startSilentServer(kind, endpoint, hostKey.privateKey);
        return { ...base, hostName: endpoint.address, ...endpoint, server };
      });
    case 'ok':
    case 'refused-key':
    case 'wrong-host-key': {
      const knownKey = kind === 'wrong-host-key' ? context.strangerKey.publicKey : hostKey.publicKey;
      const authorizedKey = (kind === 'refused-key' ? context.strangerKey : context.clientKey).publicKey;
      const started =
        context.sshd === null
          ? startEmbedded(spec, context, place, { home, hostKey, authorizedKey, logFile })
          : startReal(spec, context, place, {
              home,
              hostKey,
              authorizedKey,
              logFile,
              folder,
              sshd: context.sshd,
            });
      return { ...base, ...(await started), knownKey };
    }
  }
}

/** The way to a host's files is open to its user, and the home is the user's own. */
async function handOver(home: string, user: string, { dir }: FleetContext): Promise<void> {
  await chmod(dir, 0o711);
  await promisify(execFile)('chown', ['-R', user, home]);
}

type Where = Pick<StartedHost, 'hostName' | 'address' | 'port' | 'proxyCommand' | 'server'>;

interface Own {
  readonly home: string;
  readonly hostKey: KeyPair;
  readonly authorizedKey: string;
  readonly logFile: string;
}

function startEmbedded(
  { name }: HostSpec,
  { dir, user }: FleetContext,
  place: Place,
  { home, hostKey, authorizedKey, logFile }: Own,
): Promise<Where> {
  const options = { name, fleetId: dir, home, user, hostKey: hostKey.privateKey, authorizedKey, logFile };
  return onFreePort(place, async (endpoint) => {
    const server = await startEmbeddedServer(options, endpoint);
    return { hostName: endpoint.address, ...endpoint, proxyCommand: null, server };
  });
}

async function startReal(
  spec: HostSpec,
  { dir, hasPenalties, via }: FleetContext,
  place: Place,
  {
    home,
    hostKey,
    authorizedKey,
    logFile,
    folder,
    sshd,
  }: Own & { readonly folder: string; readonly sshd: string },
): Promise<Where> {
  const { name } = spec;
  const hostKeyFile = join(folder, 'host_key');
  const authorizedKeysFile = join(folder, 'authorized_keys');
  const configFile = join(folder, 'sshd_config');
  const files = { sshd, name, configFile, logFile };
  const writeConfig = (listen: Endpoint | null) => {
    const extra = spec.sshd ?? [];
    const config = { name, fleetId: dir, home, listen, hostKeyFile, authorizedKeysFile, extra, hasPenalties };
    return writeFile(configFile, sshdConfig(config));
  };
  await writeFile(hostKeyFile, hostKey.privateKey, { mode: 0o600 });
  await writeFile(authorizedKeysFile, `${authorizedKey}\n`);

  if (via === 'inetd') {
    await writeConfig(null);
    const { proxyCommand, server } = inetdSshd(files);
    return { hostName: name, address: name, port: null, proxyCommand, server };
  }
  return onFreePort(place, async (endpoint) => {
    await writeConfig(endpoint);
    // A failed attempt's log would be taken for this one's.
    await writeFile(logFile, '');
    const server = await startSshd(files);
    return { hostName: endpoint.address, ...endpoint, proxyCommand: null, server };
  });
}
