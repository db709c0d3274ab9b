import { nearest } from '../../core/nearest.js';
import { show } from '../../core/show.js';
import type { TargetSpec } from '../../core/target.js';
import type { ExpressionContext } from './context.js';
import { expandTemplate } from './expand.js';
import { faultAt, type Source } from './fault.js';
import type { KnownNames } from './names.js';
import type { FileOperand, GroupOperand, HostOperand, Term } from './syntax.js';
import { matchesWildcard } from './wildcard.js';

/** The hosts of one operand, in order; repeats may be among them. */
export function resolveOperand(
  { operand, at }: Term,
  source: Source,
  context: ExpressionContext,
  known: KnownNames,
): Iterable<TargetSpec> {
  switch (operand.kind) {
    case 'items':
      return resolveItems(operand.items, known);
    case 'host':
      return resolveHost(operand, at, source, known);
    case 'wildcard':
      return resolveWildcard(operand, at, source, known);
    case 'group':
      return resolveGroup(operand, at, source, context);
    case 'file':
      return resolveFile(operand, at, source, context);
  }
}

// One by one: the list may be longer than the limit, which the receiver checks.
function* resolveItems(items: readonly string[], known: KnownNames): Iterable<TargetSpec> {
  for (const item of items) yield known.item(item);
}

function resolveHost(operand: HostOperand, at: number, source: Source, known: KnownNames): TargetSpec[] {
  const { host } = operand;
  const names = expandTemplate(host);
  if (host.literals.some((literal) => literal.includes('/'))) checkSlashes(names, at, source, known);
  const lookUp = known.mayLookUp(host, names.length);
  return names.map((name) => known.spec(operand, name, lookUp));
}

function resolveWildcard(operand: HostOperand, at: number, source: Source, known: KnownNames): TargetSpec[] {
  const names = [...known.all()];
  const specs: TargetSpec[] = [];
  for (const pattern of expandTemplate(operand.host)) {
    const matching = names.filter((name) => matchesWildcard(pattern, name));
    if (matching.length === 0) throw faultAt(source, at, noMatch(pattern, names));
    for (const name of matching) specs.push(known.spec(operand, name, true));
  }
  return specs;
}

function resolveGroup(
  operand: GroupOperand,
  at: number,
  source: Source,
  context: ExpressionContext,
): readonly TargetSpec[] {
  const all = context.groupNames?.() ?? [];
  const specs: TargetSpec[] = [];
  for (const name of expandTemplate(operand.name)) {
    for (const group of groupsNamed(name, all, context)) {
      const hosts = context.group?.(group);
      if (hosts === undefined) throw faultAt(source, at, noGroup(name, all));
      for (const host of hosts) specs.push(host);
    }
  }
  return specs;
}

/** The groups that `@name` stands for; `*` goes to the inventory first, which may have hosts in no group. */
function groupsNamed(name: string, all: readonly string[], context: ExpressionContext): readonly string[] {
  if (!/[*?]/.test(name)) return [name];
  if (name === '*' && context.group?.('*') !== undefined) return ['*'];
  const matching = all.filter((group) => matchesWildcard(name, group));
  return matching.length === 0 ? [name] : matching;
}

function resolveFile(
  { path }: FileOperand,
  at: number,
  source: Source,
  context: ExpressionContext,
): readonly TargetSpec[] {
  if (context.file !== undefined) return context.file(path);
  throw faultAt(source, at, `hosts file ${show(path)} can't be read from here; write the hosts themselves`);
}

/** A slash is a path or a network in the wrong place, but an ssh_config alias may have one. */
function checkSlashes(names: readonly string[], at: number, source: Source, known: KnownNames): void {
  for (const name of names) {
    if (known.has(name)) continue;
    throw faultAt(
      source,
      at,
      /^[\d.]+\/\d+$/.test(name)
        ? `${show(name)} is a network, not a host; write its addresses as a range, as in 10.0.0.[1-254]`
        : `${show(name)} is no known name; a hosts file is written ^FILE or given with --hostfile`,
    );
  }
}

function noMatch(pattern: string, names: readonly string[]): string {
  if (names.length === 0)
    return `nothing for ${show(pattern)} to match: there is no inventory and no ssh_config alias; write the hosts out`;
  const near = nearest(pattern.replaceAll(/[*?]/g, ''), names);
  return `no name matches ${show(pattern)}; ${suggestion(near, names, 'names')}`;
}

function noGroup(name: string, all: readonly string[]): string {
  if (all.length === 0)
    return `no group ${show(name)}: no inventory with groups was given; give one with --hostfile`;
  return `no group ${show(name)}; ${suggestion(nearest(name, all), all, 'groups')}`;
}

const LISTED = 5;

function suggestion(near: readonly string[], all: readonly string[], kind: string): string {
  if (near.length > 0) return `did you mean ${near.map(show).join(' or ')}?`;
  const listed = all.slice(0, LISTED).map(show).join(', ');
  return `the ${kind} are ${listed}${all.length > LISTED ? ` and ${all.length - LISTED} more` : ''}`;
}
