import { createHash } from 'node:crypto';
import type { ConnectionOptions } from '../core/options.js';
import { type ConfigWalkOptions, configFiles } from '../core/ssh-config-files.js';
import { nodeReader, sshHomes } from './config-reader.js';

const SYSTEM_CONFIG = '/etc/ssh/ssh_config';

/** The ssh_config files that take part, as far as a master's name must know them. */
export interface ConfigState {
  /** Over the paths and contents of all of them. */
  readonly digest: string;
  /** What a host comes to depends on more than these files: a `Match exec`, a file whose name ssh computes. */
  readonly asksMore: boolean;
}

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

/** @throws PsshError ERR_INVENTORY for Includes that never end */
export function readConfigState(connection: Pick<ConnectionOptions, 'sshConfig'>): ConfigState {
  const hash = createHash('sha256');
  let asksMore = false;
  for (const { path, ...walk } of configEntries(connection)) {
    const { files, hasMatchExec, hasUnknownInclude } = configFiles(path, nodeReader, walk);
    for (const file of files) hash.update(JSON.stringify([file.path, file.text]));
    asksMore ||= hasMatchExec || hasUnknownInclude;
  }
  return { digest: hash.digest('hex'), asksMore };
}
