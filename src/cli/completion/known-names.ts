import { homedir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { CONNECTION_DEFAULTS } from '../../core/options.js';
import { aliasNames } from '../../library/alias-names.js';
import type { ConfigFile } from '../config-file.js';
import { configFileOf } from '../defaults.js';
import { checkedFormat, isRegularFile } from '../hosts-files.js';
import { InventoryView } from '../inventory-view.js';
import type { Cursor } from './cursor.js';

/** Names that a host expression can hold. */
export interface KnownNames {
  readonly hosts: readonly string[];
  readonly groups: readonly string[];
}

// Nobody reads through more, and a shell that is asked to show them stands still.
const MOST = 20_000;
const NO_CONFIG: ConfigFile = { path: null, options: new Map(), inventory: [], groups: new Map() };

/**
 * The aliases of ssh_config, and the hosts and groups of the inventory, as the words before the cursor, the variables
 * and the config file name them. Reads files and nothing else: no inventory script is run, nothing is connected to,
 * and what can't be read names nothing.
 */
export async function knownNames(
  program: Command,
  said: Cursor['said'],
  env: NodeJS.ProcessEnv,
): Promise<KnownNames> {
  const here = (file: string): string => file.replace(/^~(?=\/)/, env.HOME || homedir());
  const named = said.get('config')?.at(-1);
  if (named !== undefined) program.setOptionValue('config', here(named));
  const config = attempt(() => configFileOf(program, env), NO_CONFIG);
  const valuesOf = (option: string): readonly string[] => {
    const variable = env[`PSSH_TS_${option.replaceAll('-', '_').toUpperCase()}`];
    const fallback = variable === undefined || variable === '' ? undefined : [variable];
    return (said.get(option) ?? fallback ?? config.options.get(option)?.values ?? []).map(here);
  };
  const sshConfig = valuesOf('ssh-config').at(-1);
  const connection = { ...CONNECTION_DEFAULTS, ...(sshConfig === undefined ? {} : { sshConfig }) };
  const view = await openView(connection, config, valuesOf('hostfile'), valuesOf('hostfile-format').at(-1));
  const ofInventory = view?.all().map(({ host, label }) => label || host) ?? [];
  const aliases = attempt(() => [...aliasNames(connection)], []);
  return {
    hosts: [...new Set([...ofInventory, ...aliases])].filter(isPlain).slice(0, MOST),
    groups: (view?.groupNames() ?? []).filter(isPlain).slice(0, MOST),
  };
}

async function openView(
  connection: typeof CONNECTION_DEFAULTS,
  config: ConfigFile,
  files: readonly string[],
  format: string | undefined,
): Promise<InventoryView | null> {
  try {
    return await InventoryView.open(connection, {
      // A pipe would be waited at, and stdin is the shell's.
      files: files.filter((file) => isRegularFile(path.resolve(file))),
      scripts: [],
      format: checkedFormat(format),
      config: { ...config, inventory: config.inventory.filter((file) => isRegularFile(file)) },
      limit: MOST,
      input: null,
    });
  } catch {
    return null;
  }
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Nothing that a shell reads: what is completed is run by the next press of Enter. */
function isPlain(name: string): boolean {
  return /^[\w.:%+][\w.:%+@-]*$/.test(name);
}
