import { hostNameFault } from '../core/host-name.js';
import { show } from '../core/show.js';
import {
  type ConfigBlock,
  type ConfigReader,
  type ConfigWalkOptions,
  walkSshConfig,
} from '../core/ssh-config-files.js';
import { matchHostPatterns } from '../core/ssh-pattern.js';
import type { Inventory, InventoryHost } from './inventory.js';
import { at, faultAt } from './where.js';

/**
 * The hosts that an ssh_config names: every word of a `Host` line that is no pattern and for which ssh would
 * take the block. What a `Match` asks is left to ssh: files included below one count as if it were met.
 */
export function sshConfigAliases(entry: string, reader: ConfigReader, options: ConfigWalkOptions): Inventory {
  const hosts = new Map<string, InventoryHost>();
  walkSshConfig(entry, reader, options, {
    line: (path, { keyword, args, line, fault }, under) => {
      const where = at(path, line);
      if (fault !== undefined) throw faultAt(where, show(fault), 'ssh refuses this file; mend the line');
      if (keyword !== 'host') return;
      const blocks = [...under, { kind: 'host', args } satisfies ConfigBlock];
      for (const name of args.filter(isConcrete)) {
        if (hosts.has(name) || !reached(name, blocks)) continue;
        hosts.set(name, { name, spec: { host: name, label: name, vars: {} }, where });
      }
    },
  });
  return { hosts, groups: new Map() };
}

// Names with an @, or like a URI, ssh would take apart before it looks for them.
function isConcrete(name: string): boolean {
  return !/[*?@]|^!|^ssh:\/\//.test(name) && hostNameFault(name) === null;
}

function reached(name: string, blocks: readonly ConfigBlock[]): boolean {
  return blocks.every((block) => block.kind === 'match' || matchHostPatterns(name, block.args));
}
