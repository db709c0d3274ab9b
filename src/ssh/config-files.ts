import type { ConnectionOptions } from '../core/options.js';
import type { ConfigWalkOptions } from '../core/ssh-config-files.js';
import { sshHomes } from './config-reader.js';

const SYSTEM_CONFIG = '/etc/ssh/ssh_config';

/** An ssh_config to start from, with what its Includes are relative to. */
export interface ConfigEntry extends ConfigWalkOptions {
  readonly path: string;
}

/** Where ssh starts reading: the file of `-F` alone, else the user's and the system's. */
export function configEntries(connection: Pick<ConnectionOptions, 'sshConfig'>): ConfigEntry[] {
  const { config, tildeHome } = sshHomes();
  if (connection.sshConfig === 'none') return [];
  if (connection.sshConfig !== undefined) return [{ path: connection.sshConfig, tildeHome }];
  return [
    { path: config, tildeHome },
    { path: SYSTEM_CONFIG, tildeHome, system: true },
  ];
}
