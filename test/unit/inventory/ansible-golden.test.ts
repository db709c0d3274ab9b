import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnsibleModel } from '../../../src/inventory/ansible-model.js';
import { resolveModel } from '../../../src/inventory/ansible-resolve.js';
import { parseIniModel } from '../../../src/inventory/ini-inventory.js';
import type { Inventory } from '../../../src/inventory/inventory.js';
import { parseInventoryJson } from '../../../src/inventory/json-inventory.js';
import { parseJson } from '../../../src/inventory/json-text.js';
import { showVar, type VarValue } from '../../../src/inventory/var-value.js';
import { parseYamlModel } from '../../../src/inventory/yaml-inventory.js';

// What the real ansible-inventory says (its version: the file VERSION); scripts/make-ansible-golden.sh asks it.
const folder = new URL('./golden/ansible/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const files = readdirSync(folder).filter((name) => /\.(ini|yaml)$/.test(name));

type Dict = ReadonlyMap<string, VarValue>;
const field = (value: VarValue | undefined, key: string): VarValue | undefined =>
  value instanceof Map ? (value as Dict).get(key) : undefined;
const list = (value: VarValue | undefined): string[] => (Array.isArray(value) ? (value as string[]) : []);

function expectedGroups(root: Dict): Record<string, string[]> {
  const hostsOf = (name: string): string[] => {
    const data = root.get(name);
    return [...list(field(data, 'hosts')), ...list(field(data, 'children')).flatMap(hostsOf)];
  };
  const names = new Set([
    'all',
    ...[...root.keys()].flatMap((name) => list(field(root.get(name), 'children'))),
  ]);
  return Object.fromEntries([...names].map((name) => [name, [...new Set(hostsOf(name))].sort()]));
}

function expectedVars(root: Dict): Record<string, Record<string, string>> {
  const hostvars = field(root.get('_meta'), 'hostvars');
  return Object.fromEntries(
    (expectedGroups(root).all ?? []).map((host) => {
      const vars = field(hostvars, host);
      const shown =
        vars instanceof Map ? [...(vars as Dict)].map(([key, value]) => [key, canonical(value)]) : [];
      return [host, { ...Object.fromEntries(shown), inventory_hostname: host }];
    }),
  );
}

// ansible-inventory sorts the keys of dictionaries; the order is not what is compared.
function canonical(value: VarValue | string): string {
  const text = typeof value === 'string' ? value : showVar(value);
  if (!text.startsWith('{"')) return text;
  const sort = (item: VarValue): VarValue =>
    item instanceof Map
      ? new Map(
          [...(item as Dict)]
            .map(([k, v]): [string, VarValue] => [k, sort(v)])
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : item;
  return showVar(sort(parseJson('value', text)));
}

function actual({ hosts, groups }: Inventory) {
  return {
    groups: Object.fromEntries([...groups].map(([name, members]) => [name, [...members].sort()])),
    vars: Object.fromEntries(
      [...hosts].map(([name, { spec }]) => [
        name,
        Object.fromEntries(Object.entries(spec.vars).map(([k, v]) => [k, canonical(v)])),
      ]),
    ),
  };
}

describe('Ansible inventories give what ansible-inventory gives', () => {
  it('there are at least ten', () => expect(files.length).toBeGreaterThanOrEqual(10));

  it.each(files)('%s', (name) => {
    const model: AnsibleModel = name.endsWith('.ini')
      ? parseIniModel(name, read(name))
      : parseYamlModel(name, read(name));
    const golden = parseJson('golden', read(`${name}.json`)) as Dict;
    const { groups, vars } = actual(resolveModel(model));
    expect(groups).toEqual(expectedGroups(golden));
    expect(vars).toEqual(expectedVars(golden));
  });

  it.each(files)('and its own output for %s reads the same', (name) => {
    const golden = parseJson('golden', read(`${name}.json`)) as Dict;
    const { groups, vars } = actual(parseInventoryJson('golden', read(`${name}.json`)));
    expect({ ungrouped: [], ...groups }).toEqual({ ungrouped: [], ...expectedGroups(golden) });
    expect(vars).toEqual(expectedVars(golden));
  });
});
