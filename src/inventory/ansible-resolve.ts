import { shownNameFault } from '../core/host-name.js';
import { show } from '../core/show.js';
import type { AnsibleModel, ModelGroup } from './ansible-model.js';
import { ansibleHost } from './connection-vars.js';
import { groupDepths, parentsOf } from './group-depth.js';
import type { Inventory, InventoryHost } from './inventory.js';
import { showVar, type VarValue } from './var-value.js';
import { faultAt } from './where.js';

/** Draws the conclusions Ansible draws: every host's variables, every group's hosts, who is ungrouped. */
export function resolveModel(model: AnsibleModel): Inventory {
  const parents = parentsOf(model);
  const depths = groupDepths(model, parents);
  settleUngrouped(model);
  const varsOf = groupVariables(model, parents, depths);
  const memberships = directGroups(model);
  const hosts = new Map<string, InventoryHost>();
  for (const { name, where, vars } of model.hosts.values()) {
    const values = new Map([...varsOf(memberships.get(name) ?? []), ...vars]);
    hosts.set(name, ansibleHost(name, where, values));
  }
  const groups = new Map<string, readonly string[]>();
  for (const name of model.groups.keys()) {
    const fault = shownNameFault(name);
    if (fault !== null) throw faultAt(`group ${show(name)}`, fault, 'give the group a plain name');
    groups.set(name, name === 'all' ? [...hosts.keys()] : hostsOf(name, model));
  }
  return { hosts, groups, model };
}

function directGroups(model: AnsibleModel): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, hosts } of model.groups.values()) {
    for (const host of hosts) {
      const known = groups.get(host);
      if (known === undefined) groups.set(host, [name]);
      else known.push(name);
    }
  }
  return groups;
}

// In no group but all: in ungrouped. In another group too: not in ungrouped, whatever the file says.
function settleUngrouped(model: AnsibleModel): void {
  const memberships = directGroups(model);
  const ungrouped = model.group('ungrouped').hosts;
  for (const host of model.hosts.keys()) {
    const grouped = memberships.get(host)?.some((name) => name !== 'all' && name !== 'ungrouped') ?? false;
    if (grouped) ungrouped.delete(host);
    else ungrouped.add(host);
  }
}

// The group's own hosts first, then its children's, level by level.
function hostsOf(name: string, model: AnsibleModel): string[] {
  const seen = new Set([name]);
  const hosts = new Set<string>();
  for (const group of seen) {
    for (const host of model.group(group).hosts) hosts.add(host);
    for (const child of model.group(group).children.keys()) seen.add(child);
  }
  return [...hosts];
}

type GroupVariables = (direct: readonly string[]) => ReadonlyMap<string, VarValue>;

// Deeper groups win over shallower ones, then higher priority, then the later name; `all` is always weakest.
function groupVariables(
  model: AnsibleModel,
  parents: ReadonlyMap<string, ReadonlySet<string>>,
  depths: ReadonlyMap<string, number>,
): GroupVariables {
  const priorities = new Map([...model.groups.values()].map((group) => [group.name, priorityOf(group)]));
  const rank = (a: string, b: string): number =>
    (depths.get(a) ?? 0) - (depths.get(b) ?? 0) ||
    (priorities.get(a) ?? 1) - (priorities.get(b) ?? 1) ||
    (a < b ? -1 : 1);
  const cache = new Map<string, ReadonlyMap<string, VarValue>>();
  return (direct) => {
    const key = direct.join(' ');
    const cached = cache.get(key);
    if (cached !== undefined) return cached;
    const reached = new Set(direct);
    for (const group of reached) for (const parent of parents.get(group) ?? []) reached.add(parent);
    reached.delete('all');
    const vars = new Map<string, VarValue>();
    for (const name of ['all', ...[...reached].sort(rank)]) {
      for (const [variable, value] of model.group(name).vars) {
        if (variable !== PRIORITY) vars.set(variable, value);
      }
    }
    cache.set(key, vars);
    return vars;
  };
}

const PRIORITY = 'ansible_group_priority';

function priorityOf({ name, vars }: ModelGroup): number {
  const value = vars.get(PRIORITY);
  if (value === undefined) return 1;
  const text = showVar(value).trim();
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw faultAt(`group ${show(name)}`, `${PRIORITY} ${show(text)} is no number`, 'write a whole number');
}
