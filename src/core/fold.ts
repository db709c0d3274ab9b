import { mergeRows } from './fold/merge-rows.js';
import { rangeOf, sortKeys } from './fold/number-key.js';
import { HOLE, splitName } from './fold/split-name.js';

/**
 * The shortest expression of some names, in the form and order of nodeset: `db1,node[1-3,7],r[1-2]n[01-16]`.
 * Repeats are dropped. Labels fold too, but for their users and ports, which take no range in an expression.
 */
export function foldNames(names: Iterable<string>): string {
  return foldParts(names).join(',');
}

/** The parts of {@link foldNames}, for those who separate them otherwise. */
export function foldParts(names: Iterable<string>): string[] {
  const patterns = new Map<string, number[]>();
  const keys: number[] = [];
  for (const name of names) {
    const pattern = splitName(name, keys);
    const known = patterns.get(pattern);
    if (known === undefined) patterns.set(pattern, keys.slice());
    else for (const key of keys) known.push(key);
  }
  const parts: string[] = [];
  for (const pattern of [...patterns.keys()].sort(comparePatterns))
    foldPattern(pattern, patterns.get(pattern) as number[], parts);
  return parts;
}

function foldPattern(pattern: string, keys: number[], parts: string[]): void {
  const literals = pattern.split(HOLE);
  const axes = literals.length - 1;
  if (axes === 0) {
    parts.push(pattern);
  } else if (axes === 1) {
    parts.push(literals[0] + rangeOf(sortKeys(keys)) + literals[1]);
  } else {
    for (const row of mergeRows(keys, axes))
      parts.push(
        row.reduce(
          (text, { keys: axis }, index) => text + rangeOf(axis) + literals[index + 1],
          literals[0] as string,
        ),
      );
  }
}

// nodeset writes a number as %s in its patterns and sorts those.
function comparePatterns(a: string, b: string): number {
  const left = a.replaceAll(HOLE, '%s');
  const right = b.replaceAll(HOLE, '%s');
  return left < right ? -1 : left > right ? 1 : 0;
}
