import { createHash } from 'node:crypto';
import type { ConnectionOptions } from '../core/options.js';
import { configFiles } from '../core/ssh-config-files.js';
import { configEntries } from './config-files.js';
import { nodeReader } from './config-reader.js';

/** The ssh_config files that take part, as far as a master's name must know them. */
export interface ConfigState {
  /** Over the paths and contents of all of them. */
  readonly digest: string;
  /** What a host comes to depends on more than these files: a `Match exec`, a file whose name ssh computes. */
  readonly asksMore: boolean;
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
