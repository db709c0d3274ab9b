import { createRequire } from 'node:module';
import type { Alias, Node } from 'yaml';
import { show } from '../core/show.js';
import type { VarValue } from './var-value.js';
import { at, faultAt } from './where.js';
import { yamlScalar } from './yaml-scalar.js';

/** A piece of a YAML text with its place, aliases and merge keys resolved. */
export type YamlNode =
  | { readonly kind: 'scalar'; readonly where: string; readonly value: VarValue }
  | { readonly kind: 'seq'; readonly where: string; readonly items: readonly YamlNode[] }
  | { readonly kind: 'map'; readonly where: string; readonly entries: ReadonlyMap<string, YamlEntry> };

export interface YamlEntry {
  /** The key as the value it is: Ansible takes only text for a name. */
  readonly key: VarValue;
  /** Where the key stands. */
  readonly where: string;
  readonly value: YamlNode;
}

// Loaded at the first YAML file: loading it takes as long as starting without it.
const library: { loaded: typeof import('yaml') | null } = { loaded: null };

function yaml(): typeof import('yaml') {
  library.loaded ??= createRequire(import.meta.url)('yaml') as typeof import('yaml');
  return library.loaded;
}

// What aliases may add to a text, in nodes: a few lines can stand for more than any memory holds.
const MAX_ALIASED = 100_000;
const MAX_NESTING = 200;

/**
 * Reads one YAML document, in the dialect of PyYAML.
 * @throws PsshError ERR_INVENTORY with the place of the first fault
 */
export function parseYaml(path: string, text: string): YamlNode {
  const lines = new (yaml().LineCounter)();
  const bare = text.startsWith('\ufeff') ? text.slice(1) : text;
  const document = yaml().parseDocument<Node>(bare, {
    lineCounter: lines,
    schema: 'failsafe',
    version: '1.1',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return at(path, Math.max(line, 1), Math.max(col, 1));
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const [reason = ''] = error.message.split('\n');
    throw faultAt(where(error.pos[0]), `no YAML: ${reason}`, 'mend the line', error);
  }
  return new Conversion(where).node(document.contents, where(0), 0).node;
}

interface Sized {
  readonly node: YamlNode;
  readonly size: number;
}

class Conversion {
  readonly #where: (offset: number) => string;
  // By name, the latest of that name: an alias means the one before it. null: not finished.
  readonly #anchors = new Map<string, Sized | null>();
  #aliased = 0;

  constructor(where: (offset: number) => string) {
    this.#where = where;
  }

  node(source: Node | null, fallback: string, depth: number): Sized {
    if (source === null) return { node: { kind: 'scalar', where: fallback, value: null }, size: 1 };
    const where = source.range ? this.#where(source.range[0]) : fallback;
    if (depth > MAX_NESTING) throw faultAt(where, 'nested too deeply', `use at most ${MAX_NESTING} levels`);
    if (yaml().isAlias(source)) return this.#alias(source, where);
    const { anchor } = source as { anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, null);
    const sized = this.#content(source, where, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, sized);
    return sized;
  }

  #alias({ source }: Alias, where: string): Sized {
    const target = this.#anchors.get(source);
    if (target === undefined)
      throw faultAt(where, `no anchor ${show(`&${source}`)} before this alias`, 'add it');
    if (target === null) throw faultAt(where, `${show(`&${source}`)} holds itself`, 'take the alias out');
    this.#aliased += target.size;
    if (this.#aliased > MAX_ALIASED) {
      throw faultAt(where, `aliases stand for more than ${MAX_ALIASED} values`, 'write fewer of them');
    }
    return target;
  }

  #content(source: Node, where: string, depth: number): Sized {
    if (yaml().isMap<Node, Node | null>(source)) return this.#map(source.items, where, depth);
    if (yaml().isSeq<Node>(source)) {
      const items = source.items.map((item) => this.node(item, where, depth + 1));
      const size = items.reduce((sum, item) => sum + item.size, 1);
      return { node: { kind: 'seq', where, items: items.map((item) => item.node) }, size };
    }
    return { node: { kind: 'scalar', where, value: scalarValue(source) }, size: 1 };
  }

  #map(pairs: readonly { key: Node; value: Node | null }[], where: string, depth: number): Sized {
    const own = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    let size = 1;
    for (const pair of pairs) {
      const key = this.node(pair.key, where, depth + 1);
      const value = this.node(pair.value, key.node.where, depth + 1);
      size += value.size + 1;
      if (isMerge(pair.key)) {
        mergeInto(merged, value.node);
        continue;
      }
      if (key.node.kind !== 'scalar') {
        throw faultAt(key.node.where, 'a list or a mapping stands where a name must be', 'write a name');
      }
      const name = String(key.node.value);
      const before = own.get(name);
      if (before !== undefined) {
        // Ansible warns and forgets the first: hosts would be missing from the run.
        throw faultAt(
          key.node.where,
          `the key ${show(name)} is here twice (before: ${before.where})`,
          'join the two',
        );
      }
      own.set(name, { key: key.node.value, where: key.node.where, value: value.node });
    }
    return { node: { kind: 'map', where, entries: new Map([...merged, ...own]) }, size };
  }
}

function scalarValue(source: Node): VarValue {
  if (!yaml().isScalar(source)) return null;
  const text = typeof source.value === 'string' ? source.value : '';
  if (source.tag === undefined || source.tag === '!')
    return source.type === 'PLAIN' ? yamlScalar(text) : text;
  return /^tag:yaml\.org,2002:(?:int|float|bool|null)$/.test(source.tag) ? yamlScalar(text) : text;
}

function isMerge(key: Node): boolean {
  return yaml().isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

// Of several mappings merged at once the first has the say; what stands in the mapping itself beats them all.
function mergeInto(merged: Map<string, YamlEntry>, node: YamlNode): void {
  const sources = node.kind === 'seq' ? node.items : [node];
  for (const source of sources) {
    if (source.kind !== 'map') throw faultAt(source.where, '"<<" takes a mapping', 'write <<: *NAME of one');
    for (const [name, entry] of source.entries) if (!merged.has(name)) merged.set(name, entry);
  }
}

/** A node as the value of a variable. */
export function yamlValue(node: YamlNode): VarValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'seq') return node.items.map(yamlValue);
  return new Map([...node.entries].map(([name, { value }]) => [name, yamlValue(value)]));
}
