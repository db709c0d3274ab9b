import { show } from '../core/show.js';
import { AnsibleModel, type ModelGroup } from './ansible-model.js';
import { resolveModel } from './ansible-resolve.js';
import type { Inventory } from './inventory.js';
import { parseJson } from './json-text.js';
import type { VarValue } from './var-value.js';
import { faultAt } from './where.js';

type Fields = ReadonlyMap<string, VarValue>;

/**
 * Reads what an inventory script prints for `--list`. Variables come from `_meta.hostvars`; a script without
 * it would have to be run once more for every host, which pssh-ts does not do.
 * @param where the script, for errors
 */
export function parseInventoryJson(where: string, text: string): Inventory {
  const root = parseJson(where, text);
  if (!isFields(root))
    throw faultAt(where, 'the inventory is no JSON object', 'print {"group": {"hosts": []}}');
  const model = new AnsibleModel();
  for (const [name, data] of root) if (name !== '_meta') addGroup(model, name, data, where);
  const meta = root.get('_meta');
  const hostvars = isFields(meta) ? meta.get('hostvars') : undefined;
  if (hostvars !== undefined && !isFields(hostvars)) {
    throw faultAt(where, '"_meta.hostvars" is no object', 'print {"_meta": {"hostvars": {}}}');
  }
  for (const host of model.hosts.values()) {
    const vars = hostvars?.get(host.name);
    if (vars === undefined) continue;
    if (!isFields(vars))
      throw faultAt(where, `the variables of ${show(host.name)} are no object`, 'print {}');
    setVars(host.vars, vars);
  }
  return resolveModel(model);
}

// As Ansible has it: a list is a group's hosts; an object without hosts, vars and children is one host's variables.
function addGroup(model: AnsibleModel, name: string, data: VarValue, where: string): void {
  if (name === '') throw faultAt(where, 'a group has an empty name', 'name it');
  const group = model.group(name);
  if (!isFields(data)) {
    addHosts(model, group, data, where);
  } else if (['hosts', 'vars', 'children'].some((key) => data.has(key))) {
    if (data.has('hosts')) addHosts(model, group, data.get('hosts'), where);
    const vars = data.get('vars') ?? new Map();
    if (!isFields(vars)) throw faultAt(where, `"vars" of group ${show(name)} is no object`, 'print {}');
    setVars(group.vars, vars);
    for (const child of names(data.get('children') ?? [], `"children" of group ${show(name)}`, where)) {
      model.group(child);
      group.children.set(child, where);
    }
  } else {
    addHosts(model, group, [name], where);
    setVars(group.vars, data);
  }
}

function addHosts(model: AnsibleModel, group: ModelGroup, data: VarValue | undefined, where: string): void {
  for (const host of names(data, `"hosts" of group ${show(group.name)}`, where)) {
    model.host(host, where);
    group.hosts.add(host);
  }
}

function names(data: VarValue | undefined, what: string, where: string): readonly string[] {
  const items: readonly VarValue[] = Array.isArray(data) ? data : [null];
  const bad = items.find((item) => typeof item !== 'string' || item === '');
  if (bad === undefined) return items as readonly string[];
  throw faultAt(where, `${what} is no list of names`, 'print ["name", …]');
}

function setVars(target: Map<string, VarValue>, vars: Fields): void {
  for (const [key, value] of vars) target.set(key, value);
}

function isFields(value: VarValue | undefined): value is Fields {
  return value instanceof Map;
}
