import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { ConnectionOptions } from '../core/options.js';

/** The ssh_config files that take part, as far as a master's name must know them. */
export interface ConfigFiles {
  /** Over the contents of all of them. */
  readonly digest: string;
  readonly hasMatchExec: boolean;
}

export async function readConfigFiles(connection: ConnectionOptions): Promise<ConfigFiles> {
  const files =
    connection.sshConfig === undefined
      ? [path.join(userInfo().homedir, '.ssh', 'config'), '/etc/ssh/ssh_config']
      : [connection.sshConfig];
  const hash = createHash('sha256');
  let hasMatchExec = false;
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => null);
    hash.update(JSON.stringify([file, text]));
    hasMatchExec ||= text !== null && /^\s*match\b.*\bexec\b/im.test(text);
  }
  return { digest: hash.digest('hex'), hasMatchExec };
}
