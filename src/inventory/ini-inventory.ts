import { show } from '../core/show.js';
import { AnsibleModel } from './ansible-model.js';
import { expandAnsiblePattern } from './ansible-range.js';
import { pythonLiteral } from './python-literal.js';
import { shellWords } from './shell-words.js';
import { textLines } from './text-lines.js';
import type { VarValue } from './var-value.js';
import { at, faultAt } from './where.js';

type Kind = 'hosts' | 'children' | 'vars';

/** A group that a line speaks of before, or without, a section of its own. */
interface Mention {
  readonly where: string;
  readonly section: string;
}

/**
 * Reads an INI inventory as Ansible does: the lines before the first section are hosts of no group.
 * @param known groups of inventories read before, which `[g:vars]` and `[g:children]` may speak of
 */
export function parseIniModel(
  path: string,
  text: string,
  known: ReadonlySet<string> = new Set(),
): AnsibleModel {
  const model = new AnsibleModel();
  const declared = new Set([...known, 'all', 'ungrouped']);
  const mentioned = new Map<string, Mention>();
  let group = 'ungrouped';
  let kind: Kind = 'hosts';
  for (const { line, text: raw } of textLines(text)) {
    const content = raw.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const where = at(path, line);
    const section = parseSection(content, where);
    if (section !== null) {
      ({ group, kind } = section);
      model.group(group);
      if (kind !== 'vars') declared.add(group);
      else if (!mentioned.has(group)) mentioned.set(group, { where, section: `[${group}:vars]` });
    } else if (kind === 'hosts') {
      addHosts(model, group, content, where);
    } else if (kind === 'vars') {
      const [key, value] = parseAssignment(content, where);
      model.group(group).vars.set(key, value);
    } else {
      const child = parseChild(content, where);
      if (!mentioned.has(child)) mentioned.set(child, { where, section: `[${group}:children]` });
      model.group(group).children.set(child, where);
    }
  }
  for (const [name, { where, section }] of mentioned) {
    if (declared.has(name)) continue;
    throw faultAt(where, `${show(section)} names the unknown group ${show(name)}`, `add a section [${name}]`);
  }
  return model;
}

function parseSection(content: string, where: string): { group: string; kind: Kind } | null {
  const match = /^\[([^:\]\s]+)(?::([\p{L}\p{N}_]+))?\]\s*(?:#.*)?$/u.exec(content);
  const mend = 'write [group], [group:children] or [group:vars]';
  if (match?.[1] === undefined) {
    if (!content.startsWith('[') || !content.endsWith(']')) return null;
    throw faultAt(where, `${show(content)} is no section`, mend);
  }
  const kind = match[2] ?? 'hosts';
  if (kind === 'hosts' || kind === 'children' || kind === 'vars') return { group: match[1], kind };
  throw faultAt(where, `section ${show(content)} has the unknown kind ${show(kind)}`, mend);
}

function parseChild(content: string, where: string): string {
  const match = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(content);
  if (match?.[1] !== undefined) return match[1];
  throw faultAt(where, `${show(content)} is no group name`, 'write one group a line under [group:children]');
}

function addHosts(model: AnsibleModel, group: string, content: string, where: string): void {
  const words = shellWords(content, { comments: true });
  if (typeof words === 'string') {
    throw faultAt(where, `in ${show(content)} ${words}`, 'close the quote, or escape it with a backslash');
  }
  const [pattern = '', ...assignments] = words;
  if (pattern === '' || pattern === '---') {
    throw faultAt(
      where,
      `${show(content)} names no host`,
      'write a host, or --hostfile-format yaml for YAML',
    );
  }
  const hosts = expandAnsiblePattern(pattern);
  if ('fault' in hosts) throw faultAt(where, hosts.fault, hosts.mend);
  const vars = assignments.map((assignment) => parseAssignment(assignment, where, false));
  for (const name of hosts.names) {
    const host = model.host(name, where, hosts.port);
    model.group(group).hosts.add(name);
    for (const [key, value] of vars) host.vars.set(key, value);
  }
}

function parseAssignment(text: string, where: string, trim = true): [string, VarValue] {
  const equals = text.indexOf('=');
  if (equals <= 0) {
    throw faultAt(where, `${show(text)} is no variable`, 'write name=value, quoted where it holds blanks');
  }
  const [key, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return trim ? [key.trim(), iniValue(value.trim())] : [key, iniValue(value)];
}

function iniValue(text: string): VarValue {
  const value = pythonLiteral(text);
  return value === undefined ? text : value;
}
