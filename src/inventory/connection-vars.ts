import { parsePort, shownNameFault, userNameFault } from '../core/host-name.js';
import { show } from '../core/show.js';
import type { HostSshOptions, TargetSpec } from '../core/target.js';
import { parseHostWord } from './host-word.js';
import type { InventoryHost } from './inventory.js';
import { parseSshArgs } from './ssh-args.js';
import { showVar, type VarValue } from './var-value.js';
import { faultAt } from './where.js';

// Of two names for one thing Ansible's ssh plugin takes the one with ssh in it.
const HOST = ['ansible_ssh_host', 'ansible_host'];
const USER = ['ansible_ssh_user', 'ansible_user'];
const PORT = ['ansible_ssh_port', 'ansible_port'];
const KEY = ['ansible_ssh_private_key_file', 'ansible_private_key_file'];
// In the order in which Ansible puts them on ssh's command line.
const ARGS = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'];

/** A host of an Ansible inventory with its variables (its groups' included) as a target for ssh. */
export function ansibleHost(
  name: string,
  where: string,
  values: ReadonlyMap<string, VarValue>,
): InventoryHost {
  const nameFault = shownNameFault(name);
  if (nameFault !== null) throw faultAt(where, nameFault, 'give the host a plain name');
  const vars: Record<string, string> = Object.create(null);
  for (const [key, value] of values) vars[key] = showVar(value);
  vars.inventory_hostname = name;
  const get = (keys: readonly string[]): string | undefined => first(keys, vars, where);

  const { host, ...login } = place(name, get(HOST), where);
  const user = get(USER);
  const userFault = user === undefined ? null : userNameFault(user);
  if (userFault !== null)
    throw faultAt(where, `ansible_user of ${show(name)}: ${userFault}`, 'write a login name');
  const args = sshOptions(name, where, get);
  const spec: TargetSpec = {
    host,
    ...login,
    ...(args.user !== undefined && { user: args.user }),
    ...(args.port !== undefined && { port: args.port }),
    ...(user !== undefined && { user }),
    ...portOf(name, get(PORT), where),
    label: name,
    vars,
  };
  return { name, spec, where, ...(args.ssh !== null && { sshOptions: args.ssh }) };
}

function place(name: string, address: string | undefined, where: string): Omit<TargetSpec, 'label' | 'vars'> {
  const parsed = parseHostWord(address ?? name);
  if (!('fault' in parsed)) return parsed;
  const what = address === undefined ? parsed.fault : `ansible_host of ${show(name)}: ${parsed.fault}`;
  throw faultAt(where, what, parsed.mend);
}

function portOf(name: string, text: string | undefined, where: string): { port?: number } {
  if (text === undefined) return {};
  const port = parsePort(text);
  if (port !== null) return { port };
  throw faultAt(
    where,
    `ansible_port of ${show(name)}: ${show(text)} is no port`,
    'write a number from 1 to 65535',
  );
}

interface HostArgs {
  readonly user?: string;
  readonly port?: number;
  readonly ssh: HostSshOptions | null;
}

function sshOptions(
  name: string,
  where: string,
  get: (keys: readonly string[]) => string | undefined,
): HostArgs {
  const texts = ARGS.map((key) => ({ key, text: get([key]) })).filter(({ text }) => text !== undefined);
  const parsed = texts.map(({ key, text = '' }) => {
    const args = parseSshArgs(text);
    if ('fault' in args) throw faultAt(where, `${key} of ${show(name)}: ${args.fault}`, args.mend);
    return args;
  });
  const key = get(KEY);
  const [user, port, jump, configFile] = (['user', 'port', 'jump', 'configFile'] as const).map(
    (field) => parsed.find((args) => args[field] !== undefined)?.[field],
  ) as [string | undefined, number | undefined, string | undefined, string | undefined];
  const ssh = {
    identities: [...(key === undefined ? [] : [key]), ...parsed.flatMap(({ identities }) => identities)],
    options: parsed.flatMap(({ options }) => options),
    ...(jump !== undefined && { jump }),
    ...(configFile !== undefined && { configFile }),
  };
  const empty = ssh.identities.length + ssh.options.length === 0 && (jump ?? configFile) === undefined;
  return {
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ssh: empty ? null : ssh,
  };
}

// An empty value is as good as none: that is how inventories unset a group's variable.
function first(
  keys: readonly string[],
  vars: Readonly<Record<string, string>>,
  where: string,
): string | undefined {
  const key = keys.find((name) => (vars[name] ?? '') !== '');
  return key === undefined ? undefined : withVariables(key, vars, where);
}

/** `{{ name }}` of the host's own variables is put in; any other Jinja is refused, as nothing here runs it. */
function withVariables(key: string, vars: Readonly<Record<string, string>>, where: string): string {
  let text = vars[key] ?? '';
  for (let round = 0; round < 10 && text.includes('{{'); round++) {
    text = text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => vars[name] ?? whole);
  }
  if (!/\{[{%]/.test(text)) return text;
  throw faultAt(
    where,
    `${key} holds the template ${show(text)}`,
    'write the value itself, or {{ NAME }} of a variable of this host',
  );
}
