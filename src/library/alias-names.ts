import type { ConnectionOptions } from '../core/options.js';
import { sshConfigAliases } from '../inventory/ssh-config-aliases.js';
import { configEntries } from '../ssh/config-files.js';
import { nodeReader } from '../ssh/config-reader.js';

/** The hosts that the ssh_config in force names. @throws PsshError ERR_INVENTORY for a file that ssh refuses */
export function aliasNames(connection: Pick<ConnectionOptions, 'sshConfig'>): ReadonlySet<string> {
  return new Set(
    configEntries(connection).flatMap(({ path, ...walk }) => [
      ...sshConfigAliases(path, nodeReader, walk).hosts.keys(),
    ]),
  );
}
