import { isIPv6 } from 'node:net';
import { textLines } from './text-lines.js';

/** The formats a hosts file may have (`--hostfile-format`). */
export const HOSTFILE_FORMATS = [
  'list',
  'ini',
  'yaml',
  'json',
  'clustershell',
  'clustershell-yaml',
  'ssh-config',
] as const;

export type HostfileFormat = (typeof HOSTFILE_FORMATS)[number];

/** Tells a hosts file's format by its name where that says it, else by its lines. */
export function detectFormat(path: string, text: string): HostfileFormat {
  const lines = textLines(text)
    .map(({ text: line }) => line.trimEnd())
    .filter((line) => !/^\s*(?:[#;]|$)/.test(line));
  const [first = ''] = lines;
  if (/^\s*\{/.test(first) && !/\.ya?ml$/i.test(path)) return 'json';
  if (/\.ya?ml$/i.test(path) || first.startsWith('---') || lines.some(opensMapping)) return yamlKind(text);
  if (isSshConfig(path, lines)) return 'ssh-config';
  if (/\.ini$/i.test(path)) return 'ini';
  const [sections, others] = [lines.filter(isSection), lines.filter((line) => !isSection(line))];
  const colon = /\.cfg$/i.test(path) ? /^[^\s:[\]=]+:/ : /^[^\s:[\]=]+:(?:\s|$)/;
  if (others.length > 0 && others.every((line) => colon.test(line))) return 'clustershell';
  if (sections.length > 0 || lines.some(isInventoryLine)) return 'ini';
  return 'list';
}

// `web:` alone on a line, at its start: nothing else begins so.
function opensMapping(line: string): boolean {
  return /^(?:"[^"]+"|'[^']+'|[^\s:#"'[\]{}]+):(?:\s+#.*)?$/.test(line);
}

// Ansible's groups have hosts, vars or children; ClusterShell's sources have groups.
function yamlKind(text: string): 'yaml' | 'clustershell-yaml' {
  if (/(?:^\s+|[{,]\s*)["']?(?:hosts|children|vars)["']?\s*:/m.test(text)) return 'yaml';
  return /^\s+[^\s:#][^:]*:|:\s*\{[^}]*:/m.test(text) ? 'clustershell-yaml' : 'yaml';
}

function isSection(line: string): boolean {
  return /^\[[^:\]\s]+(?::\w+)?\]\s*(?:[#;].*)?$/.test(line);
}

// A variable behind the host, or a range with a colon in it.
function isInventoryLine(line: string): boolean {
  if (/^\S+(?:\s+#|$)/.test(line)) {
    const range = /\[([^[\]]*:[^[\]]*)\]/.exec(line);
    return range?.[1] !== undefined && !isIPv6(range[1]);
  }
  return /^\S+\s+[\w.]+=/.test(line);
}

const SSH_BLOCKS = new Set(['host', 'match', 'include']);
const SSH_KEYWORDS = new Set(
  `addkeystoagent addressfamily batchmode bindaddress bindinterface canonicaldomains canonicalizehostname
  certificatefile ciphers clearallforwardings compression connectionattempts connecttimeout controlmaster
  controlpath controlpersist dynamicforward enablesshkeysign escapechar exitonforwardfailure
  fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted
  gatewayports globalknownhostsfile gssapiauthentication gssapidelegatecredentials hashknownhosts
  hostbasedauthentication hostkeyalgorithms hostkeyalias hostname identitiesonly identityagent
  identityfile ignoreunknown ipqos kbdinteractiveauthentication kexalgorithms knownhostscommand
  localcommand localforward loglevel macs nohostauthenticationforlocalhost numberofpasswordprompts
  passwordauthentication permitlocalcommand permitremoteopen pkcs11provider port preferredauthentications
  proxycommand proxyjump proxyusefdpass pubkeyacceptedalgorithms pubkeyauthentication rekeylimit
  remotecommand remoteforward requesttty requiredrsasize sendenv serveralivecountmax serveraliveinterval
  sessiontype setenv stdinnull streamlocalbindmask streamlocalbindunlink stricthostkeychecking syslogfacility
  tag tcpkeepalive tunnel tunneldevice updatehostkeys usekeychain user userknownhostsfile verifyhostkeydns
  visualhostkey xauthlocation`.split(/\s+/),
);

// Every line a keyword of ssh, one of them opening a block: a host list has no such lines.
function isSshConfig(path: string, lines: readonly string[]): boolean {
  const words = lines.map((line) => (/^\s*([A-Za-z0-9]+)(?=[\s=])/.exec(line)?.[1] ?? '').toLowerCase());
  if (!words.some((word) => SSH_BLOCKS.has(word))) return false;
  // A keyword that is newer than this list must not make the whole file a host list.
  if (/(?:^|\/)(?:\.ssh\/config|ssh_config(?:\.d\/[^/]+)?)$/.test(path)) return true;
  return words.every((word) => SSH_BLOCKS.has(word) || SSH_KEYWORDS.has(word));
}
