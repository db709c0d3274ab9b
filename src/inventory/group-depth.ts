import { show } from '../core/show.js';
import type { AnsibleModel } from './ansible-model.js';
import { faultAt } from './where.js';

/** Every group's parents; a group without one belongs to `all`. */
export function parentsOf(model: AnsibleModel): Map<string, Set<string>> {
  const parents = new Map([...model.groups.keys()].map((name) => [name, new Set<string>()]));
  for (const { name, children } of model.groups.values()) {
    for (const child of children.keys()) parents.get(child)?.add(name);
  }
  for (const [name, above] of parents) {
    if (name !== 'all' && above.size === 0) above.add('all');
  }
  return parents;
}

/**
 * The longest way from `all` to each group.
 * @throws PsshError ERR_INVENTORY where a group is its own ancestor
 */
export function groupDepths(
  model: AnsibleModel,
  parents: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, number> {
  const children = new Map([...parents.keys()].map((name) => [name, [] as string[]]));
  for (const [name, above] of parents) for (const parent of above) children.get(parent)?.push(name);
  const waiting = new Map([...parents].map(([name, above]) => [name, above.size]));
  const depths = new Map<string, number>();
  // A group is done when all its parents are: what is never done goes round in a circle.
  const ready = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
  for (const name of ready) {
    const depth = depths.get(name) ?? 0;
    depths.set(name, depth);
    for (const child of children.get(name) ?? []) {
      depths.set(child, Math.max(depths.get(child) ?? 0, depth + 1));
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  if (ready.length < parents.size) throw circle(model, parents, new Set(ready));
  return depths;
}

function circle(
  model: AnsibleModel,
  parents: ReadonlyMap<string, ReadonlySet<string>>,
  done: ReadonlySet<string>,
): Error {
  const stuck = (names: Iterable<string>): string => [...names].find((name) => !done.has(name)) ?? 'all';
  let name = stuck(parents.keys());
  const way = new Set<string>();
  // Going up from a stuck group always meets a stuck parent, so it must come back to where it was.
  while (!way.has(name)) {
    way.add(name);
    name = stuck(parents.get(name) ?? []);
  }
  const ring = [...way].slice([...way].indexOf(name)).reverse();
  const last = ring.at(-1) ?? name;
  const where = model.groups.get(last)?.children.get(ring[0] ?? name) ?? `group ${show(name)}`;
  return faultAt(
    where,
    `groups go round in a circle: ${[last, ...ring].map(show).join(' > ')}`,
    'take one of them out of its children',
  );
}
