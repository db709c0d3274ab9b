import type { HostSshOptions, TargetSpec } from '../core/target.js';
import { AnsibleModel } from './ansible-model.js';
import { resolveModel } from './ansible-resolve.js';

/** One host of a hosts file. */
export interface InventoryHost {
  /** The name the file gives it: in a host list the label (`deploy@web1:2222`), else the inventory name. */
  readonly name: string;
  readonly spec: TargetSpec;
  /** `file:line` of its first mention. */
  readonly where: string;
  /** ssh options that the file sets for this host; absent: none. */
  readonly sshOptions?: HostSshOptions;
}

/** What one hosts file, or several together, say. */
export interface Inventory {
  /** By name, in order of first mention. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  /** Group to host names, children resolved. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** What an Ansible inventory says before conclusions, so that several files can be read as one. */
  readonly model?: AnsibleModel;
}

/**
 * Turns a host expression (`node[1-3]`, `@web`) into targets; `where` is the place of the text, for errors.
 * Passed in, because host expressions may name groups and files that only the caller knows. `group` knows the
 * groups of the file itself, which come before any other of that name; undefined: no such group in the file.
 */
export type Expand = (
  text: string,
  where: string,
  group?: (name: string) => readonly TargetSpec[] | undefined,
) => readonly TargetSpec[];

/**
 * Several hosts files as one. Ansible inventories are joined before conclusions are drawn, as Ansible does
 * with several `-i`; of other files the groups of one name are joined. Of what two files say about a host the
 * later counts.
 */
export function mergeInventories(list: readonly Inventory[]): Inventory {
  const [only] = list;
  if (only !== undefined && list.length === 1) return only;
  const models = list.flatMap(({ model }) => model ?? []);
  const model = new AnsibleModel();
  for (const one of models) model.absorb(one);
  const ansible: Inventory =
    models.length > 0 ? resolveModel(model) : { hosts: new Map(), groups: new Map() };

  const hosts = new Map<string, InventoryHost>();
  const groups = new Map<string, Set<string>>();
  for (const inventory of list) {
    // What an Ansible inventory says alone is replaced by what it says together with the others.
    const together = inventory.model === undefined ? null : ansible;
    for (const [name, alone] of inventory.hosts) {
      const host = together?.hosts.get(name) ?? alone;
      const before = hosts.get(name);
      hosts.set(name, before === undefined ? host : joined(before, host));
    }
    for (const [name, alone] of inventory.groups) {
      const group = groups.get(name) ?? new Set();
      groups.set(name, group);
      for (const member of together?.groups.get(name) ?? alone) group.add(member);
    }
  }
  if (models.length > 0) groups.set('all', new Set(hosts.keys()));
  return {
    hosts,
    groups: new Map([...groups].map(([name, members]) => [name, [...members]])),
    ...(models.length > 0 && { model }),
  };
}

function joined(before: InventoryHost, after: InventoryHost): InventoryHost {
  const { name, where, sshOptions } = before;
  const vars = { ...before.spec.vars, ...after.spec.vars };
  // A file that only lists the name says nothing about the address.
  const host = after.spec.host === name ? before.spec.host : after.spec.host;
  const options = after.sshOptions ?? sshOptions;
  return {
    name,
    where,
    spec: { ...before.spec, ...after.spec, host, vars },
    ...(options !== undefined && { sshOptions: options }),
  };
}
