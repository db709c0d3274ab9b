import { isIPv6 } from 'node:net';
import { userNameFault } from '../core/host-name.js';
import { show } from '../core/show.js';
import type { TargetSpec } from '../core/target.js';
import { parseHostWord } from './host-word.js';
import type { Expand, Inventory, InventoryHost } from './inventory.js';
import { textLines } from './text-lines.js';
import { at, faultAt } from './where.js';

/** Whether a word needs the host expression parser: ranges, lists, set operations, groups, globs, `ssh://`. */
export function isExpression(word: string): boolean {
  if (word.startsWith('@') || word.startsWith('ssh://')) return true;
  const bare = word.replace(/\[([^[\]]*)\]/, (whole, inside: string) => (isIPv6(inside) ? '' : whole));
  return /[[\],!&^*?]/.test(bare);
}

/**
 * Reads a host list as pssh does: `[user@]host[:port] [user]` a line, `#` begins a comment.
 * The first word may also be a host expression where `expand` is given.
 */
export function parseHostList(path: string, text: string, expand?: Expand): Inventory {
  const hosts = new Map<string, InventoryHost>();
  for (const { line, text: whole } of textLines(text)) {
    for (const spec of lineTargets(path, line, whole.replace(/#.*$/su, ''), expand)) {
      if (!hosts.has(spec.label)) hosts.set(spec.label, { name: spec.label, spec, where: at(path, line) });
    }
  }
  return { hosts, groups: new Map() };
}

function lineTargets(path: string, line: number, text: string, expand?: Expand): readonly TargetSpec[] {
  const [first, second, third] = [...text.matchAll(/\S+/gu)];
  if (first === undefined) return [];
  const place = (index: number): string => at(path, line, index + 1);
  if (third !== undefined) {
    throw faultAt(
      place(third.index),
      `${show(third[0])} is one word too many`,
      'write one host a line: [user@]host[:port] [user]',
    );
  }
  const specs = isExpression(first[0])
    ? expanded(first[0], place(first.index), expand)
    : [plainTarget(first[0], first.index, place)];
  if (second === undefined) return specs;
  const fault = wordIsNoUser(second[0]);
  if (fault !== null) {
    throw faultAt(place(second.index), fault, 'the second word is the user; write one host a line');
  }
  return specs.map((spec) => withUser(spec, second[0], place(second.index)));
}

function expanded(word: string, where: string, expand?: Expand): readonly TargetSpec[] {
  if (expand !== undefined) return expand(word, where);
  throw faultAt(where, `${show(word)} is a host expression`, 'write plain host names here, one a line');
}

function plainTarget(word: string, index: number, place: (index: number) => string): TargetSpec {
  const parsed = parseHostWord(word);
  if ('fault' in parsed) throw faultAt(place(index + parsed.offset), parsed.fault, parsed.mend);
  return { ...parsed, label: word, vars: {} };
}

function wordIsNoUser(word: string): string | null {
  const odd = /[[\]@:,=/]/.exec(word);
  return odd === null ? userNameFault(word) : `user name ${show(word)} holds ${show(odd[0])}`;
}

// The label gets the user in front: `web1 deploy` and `web1 root` are two targets, and must not look like one.
function withUser(spec: TargetSpec, user: string, where: string): TargetSpec {
  if (spec.user === undefined) return { ...spec, user, label: `${user}@${spec.label}` };
  throw faultAt(
    where,
    `the line has two users, ${show(spec.user)} and ${show(user)}`,
    'leave one of them out',
  );
}
