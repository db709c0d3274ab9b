import { show } from '../core/show.js';
import { AnsibleModel, type ModelGroup } from './ansible-model.js';
import { expandAnsiblePattern } from './ansible-range.js';
import type { VarValue } from './var-value.js';
import { faultAt } from './where.js';
import { parseYaml, type YamlEntry, type YamlNode, yamlValue } from './yaml-text.js';

type Entries = ReadonlyMap<string, YamlEntry>;

/** Reads Ansible's YAML inventory: group names, each with `hosts`, `vars` and `children`. */
export function parseYamlModel(path: string, text: string): AnsibleModel {
  const root = parseYaml(path, text);
  if (root.kind !== 'map') {
    throw faultAt(root.where, 'no YAML inventory', 'begin with the name of a group, such as all:');
  }
  if (root.entries.has('plugin')) {
    throw faultAt(
      root.where,
      'the file sets up an inventory plugin, which pssh-ts does not run',
      'save what `ansible-inventory --list` prints and name that with --hostfile',
    );
  }
  const model = new AnsibleModel();
  for (const entry of root.entries.values()) addGroup(model, entry, 0);
  return model;
}

function addGroup(model: AnsibleModel, { key, where, value }: YamlEntry, depth: number): ModelGroup {
  if (depth > 200) throw faultAt(where, 'groups are nested too deeply', 'use at most 200 levels');
  const group = model.group(nameOf(key, where, 'group'));
  for (const { key: section, where: place, value: content } of mapping(value, group.name, false).values()) {
    if (section === 'vars') setVars(group.vars, mapping(content, 'vars', true));
    else if (section === 'hosts') addHosts(model, group, mapping(content, 'hosts', true));
    else if (section === 'children') {
      for (const child of mapping(content, 'children', true).values()) {
        group.children.set(addGroup(model, child, depth + 1).name, child.where);
      }
    } else {
      // Ansible warns and passes it over, and the hosts below it are missing.
      throw faultAt(
        place,
        `${show(String(section))} is no part of group ${show(group.name)}`,
        'put hosts under hosts:, groups under children:, variables under vars:',
      );
    }
  }
  return group;
}

function addHosts(model: AnsibleModel, group: ModelGroup, hosts: Entries): void {
  for (const { key, where, value } of hosts.values()) {
    const pattern = nameOf(key, where, 'host');
    const expanded = expandAnsiblePattern(pattern);
    if ('fault' in expanded) throw faultAt(where, expanded.fault, expanded.mend);
    const vars = mapping(value, pattern, false);
    for (const name of expanded.names) {
      group.hosts.add(name);
      setVars(model.host(name, where, expanded.port).vars, vars);
    }
  }
}

function setVars(target: Map<string, VarValue>, vars: Entries): void {
  for (const [name, { value }] of vars) target.set(name, yamlValue(value));
}

function nameOf(key: VarValue, where: string, what: string): string {
  if (typeof key === 'string' && key !== '') return key;
  throw faultAt(where, `${show(String(key))} is no text for a ${what} name`, 'put it in quotes');
}

// Nothing counts as an empty mapping; where Ansible does so, a lone word is a mapping with that one key.
function mapping(node: YamlNode, what: string, word: boolean): Entries {
  if (node.kind === 'map') return node.entries;
  if (node.kind === 'scalar') {
    const { value, where } = node;
    if (value === null) return new Map();
    if (word && typeof value === 'string') {
      const empty = { kind: 'scalar', where, value: null } as const;
      return new Map([[value, { key: value, where, value: empty }]]);
    }
  }
  throw faultAt(node.where, `${show(what)} holds no mapping`, 'write NAME: below it, one a line');
}
