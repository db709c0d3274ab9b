import { show } from '../core/show.js';
import type { TargetSpec } from '../core/target.js';
import { parseHostWord } from './host-word.js';
import type { Expand, Inventory, InventoryHost } from './inventory.js';
import { textLines } from './text-lines.js';
import { at, faultAt } from './where.js';
import { parseYaml, type YamlNode } from './yaml-text.js';

/** One line of a groups file: what a group is, not yet expanded. */
interface GroupLine {
  readonly source: string | null;
  readonly name: string;
  /** Node sets; several are joined. */
  readonly sets: { readonly text: string; readonly where: string }[];
}

/** Reads ClusterShell's static groups, `groups.d/*.cfg`: `name: nodeset`, below `[source]` where there are several. */
export function parseClusterShell(path: string, text: string, expand?: Expand): Inventory {
  const lines: GroupLine[] = [];
  let source: string | null = null;
  for (const { line, text: raw } of textLines(text)) {
    const content = raw.replace(/(?:^|\s)#.*$/u, '').trim();
    if (content === '') continue;
    const section = /^\[([^\]\s]+)\]$/.exec(content);
    const group = /^([^\s:[\]@,]+)\s*:\s*(.*)$/.exec(content);
    if (section?.[1] === 'Main') {
      throw faultAt(
        at(path, line),
        'this is a groups.conf: it names commands, which pssh-ts never runs',
        'name the files of groups.d',
      );
    } else if (section?.[1] !== undefined) {
      source = section[1];
    } else if (group?.[1] !== undefined && group[2] !== undefined) {
      const where = at(
        path,
        line,
        raw.length - raw.trimStart().length + content.length - group[2].length + 1,
      );
      lines.push({ source, name: group[1], sets: group[2] === '' ? [] : [{ text: group[2], where }] });
    } else {
      throw faultAt(at(path, line), `${show(content)} is no group`, 'write name: nodeset, or [source]');
    }
  }
  return expandGroups(lines, expand);
}

/** Reads ClusterShell's static groups, `groups.d/*.yaml`: `source: {group: nodeset or list of them}`. */
export function parseClusterShellYaml(path: string, text: string, expand?: Expand): Inventory {
  const root = parseYaml(path, text);
  const lines: GroupLine[] = [];
  for (const [source, { value, where }] of entriesOf(root, 'the file')) {
    for (const [name, group] of entriesOf(value, `source ${show(source)} (${where})`)) {
      lines.push({ source, name, sets: setsOf(group.value, name) });
    }
  }
  return expandGroups(lines, expand);
}

function entriesOf(node: YamlNode, what: string) {
  if (node.kind === 'map') return node.entries;
  throw faultAt(node.where, `${what} is no mapping`, 'write SOURCE: and below it GROUP: NODESET');
}

function setsOf(node: YamlNode, group: string): GroupLine['sets'] {
  if (node.kind === 'seq') return node.items.flatMap((item) => setsOf(item, group));
  if (node.kind === 'scalar' && node.value === null) return [];
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    return [{ text: node.value, where: node.where }];
  }
  throw faultAt(
    node.where,
    `group ${show(group)} is no node set`,
    'write node[1-3], in quotes, or a list of such',
  );
}

// A group is known as `source:name`, and as `name` where it is the first of that name.
function expandGroups(lines: readonly GroupLine[], expand: Expand = plainWords): Inventory {
  const known = new Map<string, GroupLine>();
  for (const line of lines) {
    const names = line.source === null ? [line.name] : [`${line.source}:${line.name}`, line.name];
    for (const name of names) {
      const first = known.get(name);
      if (first === undefined) known.set(name, { ...line, sets: [...line.sets] });
      else if (first.source === line.source) first.sets.push(...line.sets);
    }
  }
  const done = new Map<string, readonly TargetSpec[]>();
  const open = new Set<string>();
  const hosts = new Map<string, InventoryHost>();

  const resolve = (name: string, from: string | null): readonly TargetSpec[] | undefined => {
    // Within a source its own groups come first.
    const key = from !== null && known.has(`${from}:${name}`) ? `${from}:${name}` : name;
    const every = /^(?:(.+):)?\*$/.exec(name);
    if (every !== null) return everyGroup(every[1] ?? from);
    const line = known.get(key);
    return line === undefined ? undefined : members(key, line);
  };
  const everyGroup = (source: string | null): TargetSpec[] =>
    [...known]
      .filter(([key, line]) => line.source === source && (source === null || key.startsWith(`${source}:`)))
      .flatMap(([key, line]) => [...members(key, line)]);
  const members = (key: string, line: GroupLine): readonly TargetSpec[] => {
    const before = done.get(key);
    if (before !== undefined) return before;
    if (open.has(key)) {
      const ring = [...[...open].slice([...open].indexOf(key)), key];
      throw faultAt(
        line.sets[0]?.where ?? key,
        `groups go round in a circle: ${ring.map(show).join(' > ')}`,
        'take one of them out',
      );
    }
    open.add(key);
    const specs = new Map<string, TargetSpec>();
    for (const { text, where } of line.sets) {
      for (const spec of expand(text, where, (name) => resolve(name, line.source))) {
        if (!specs.has(spec.label)) specs.set(spec.label, spec);
        if (!hosts.has(spec.label)) hosts.set(spec.label, { name: spec.label, spec, where });
      }
    }
    open.delete(key);
    done.set(key, [...specs.values()]);
    return [...specs.values()];
  };
  const groups = new Map<string, readonly string[]>();
  for (const [key, line] of known)
    groups.set(
      key,
      members(key, line).map(({ label }) => label),
    );
  return { hosts, groups };
}

// Without the host expression parser: names and groups, with commas or blanks between them.
const plainWords: Expand = (text, where, group) =>
  text
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .flatMap((word) => {
      if (word.startsWith('@')) {
        const members = group?.(word.slice(1));
        if (members !== undefined) return members;
        throw faultAt(where, `the group ${show(word)} is unknown`, 'define it in this file');
      }
      const parsed = parseHostWord(word);
      if ('fault' in parsed) throw faultAt(where, parsed.fault, parsed.mend);
      return [{ ...parsed, label: word, vars: {} }];
    });
