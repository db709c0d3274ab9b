import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClientHost, knownHostsLine, sshConfig } from '../fleet/config-text.js';
import type { Containers } from './containers.js';

/** The user that the image lets in. */
const USER = 'tester';
const ADDRESS = '127.0.0.1';

/**
 * Writes the client key, known_hosts and ssh_config for the containers into a folder. The keys are read through the
 * engine, not over the network, so the first login already knows whom it talks to.
 * @returns the path of the ssh_config
 */
export async function writeClientFiles(
  folder: string,
  containers: Containers,
  list: ReadonlyMap<string, string>,
): Promise<string> {
  const hosts: ClientHost[] = [];
  let knownHosts = '';
  for (const [name, id] of list) {
    const port = await containers.sshPort(id);
    const publicKey = (await containers.readFile(id, `/keys/${name}.pub`)).trim();
    knownHosts += knownHostsLine(ADDRESS, port, publicKey);
    hosts.push({ name, hostName: ADDRESS, port, proxyCommand: null, extra: [] });
  }
  const [first = ''] = list.values();
  const identityFile = join(folder, 'client');
  const knownHostsFile = join(folder, 'known_hosts');
  const configPath = join(folder, 'ssh_config');
  await writeFile(identityFile, await containers.readFile(first, '/keys/client'), { mode: 0o600 });
  await writeFile(knownHostsFile, knownHosts);
  await writeFile(configPath, sshConfig({ user: USER, identityFile, knownHostsFile, hosts }));
  return configPath;
}
