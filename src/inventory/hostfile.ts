import { isIPv6 } from 'node:net';
import { PsshError } from '../core/errors.js';
import type { ConfigReader, ConfigWalkOptions } from '../core/ssh-config-files.js';
import type { HostSshOptions } from '../core/target.js';
import { resolveModel } from './ansible-resolve.js';
import { parseClusterShell, parseClusterShellYaml } from './clustershell-groups.js';
import { detectFormat, type HostfileFormat } from './detect-format.js';
import { parseHostList } from './host-list.js';
import { parseIniModel } from './ini-inventory.js';
import type { Expand, Inventory } from './inventory.js';
import { parseInventoryJson } from './json-inventory.js';
import { sshConfigAliases } from './ssh-config-aliases.js';
import { at, faultAt } from './where.js';
import { parseYamlModel } from './yaml-inventory.js';

export { detectFormat, HOSTFILE_FORMATS, type HostfileFormat } from './detect-format.js';

export interface HostfileHelpers {
  /** Host expressions in host lists and ClusterShell groups; without it they are errors. */
  readonly expand?: Expand;
  /** Groups of inventories read before: an INI `[g:vars]` may speak of them. */
  readonly knownGroups?: ReadonlySet<string>;
  /** How to read what an ssh_config includes; without it an ssh_config is an error. */
  readonly sshConfig?: ConfigWalkOptions & { readonly reader: ConfigReader };
}

/**
 * Reads a hosts file.
 * @param path its name, for errors and for telling the format; `-` for stdin
 * @param format as detected where it is not given
 * @throws PsshError ERR_INVENTORY with file, line, fault and mend
 */
export function parseHostfile(
  path: string,
  text: string,
  format?: HostfileFormat,
  helpers: HostfileHelpers = {},
): Inventory {
  const zero = text.indexOf('\0');
  if (zero >= 0) {
    const line = text.slice(0, zero).split('\n').length;
    throw faultAt(at(path, line), 'the file is not text', 'name a hosts file');
  }
  if (format === undefined && text.startsWith('#!')) {
    throw faultAt(at(path, 1), 'the file is a script', 'run it with --inventory-script FILE');
  }
  const parsers: Record<HostfileFormat, () => Inventory> = {
    list: () => parseHostList(path, text, helpers.expand),
    ini: () => resolveModel(parseIniModel(path, text, helpers.knownGroups)),
    yaml: () => resolveModel(parseYamlModel(path, text)),
    json: () => parseInventoryJson(path, text),
    clustershell: () => parseClusterShell(path, text, helpers.expand),
    'clustershell-yaml': () => parseClusterShellYaml(path, text, helpers.expand),
    'ssh-config': () => parseSshConfig(path, text, helpers.sshConfig),
  };
  return parsers[format ?? detectFormat(path, text)]();
}

function parseSshConfig(path: string, text: string, options: HostfileHelpers['sshConfig']): Inventory {
  if (options === undefined) throw faultAt(at(path, 1), 'the file is an ssh_config', 'name a list of hosts');
  const { reader, ...walk } = options;
  // The entry was read by the caller, perhaps from stdin; what it includes has still to be read.
  let entry = true;
  const readFile = (name: string): string | null => {
    const first = entry && name === path;
    entry = false;
    return first ? text : reader.readFile(name);
  };
  return sshConfigAliases(path, { ...reader, readFile }, walk);
}

/**
 * Whether a text can only be meant as a hosts file: every line is a host line or a line of an INI inventory,
 * and there is a host. Decides whether a bare `-H NAME` that names a file is read; stricter than reading a
 * file that was asked for, and false for one that
 * brings ssh options (a ProxyCommand is a local command).
 */
export function isHostListFile(text: string, expand?: Expand): boolean {
  if (text.includes('\0') || text.startsWith('#!')) return false;
  const format = detectFormat('', text);
  if (format !== 'list' && format !== 'ini') return false;
  // Without the parser of host expressions a plausible one is taken for good.
  const plausible: Expand = (word, where) => {
    if (/^[\p{L}\p{N}@_[][\p{L}\p{N}@_.:,/[\]!&^*-]*$/u.test(word))
      return [{ host: 'x', label: word, vars: {} }];
    throw faultAt(where, 'no host expression', 'write one');
  };
  try {
    const { hosts } = parseHostfile('', text, format, { expand: expand ?? plausible });
    return (
      hosts.size > 0 &&
      [...hosts.values()].every(({ spec, sshOptions }) => isPlainHost(spec.host) && isHarmless(sshOptions))
    );
  } catch (error) {
    if (error instanceof PsshError) return false;
    throw error;
  }
}

// A key file at most.
function isHarmless(options: HostSshOptions | undefined): boolean {
  return (
    options === undefined ||
    (options.options.length === 0 && (options.jump ?? options.configFile) === undefined)
  );
}

function isPlainHost(host: string): boolean {
  return isIPv6(host) || /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(host);
}
