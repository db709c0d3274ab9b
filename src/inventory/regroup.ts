import { foldNames } from '../core/fold.js';

/**
 * Names with as much as can be said by group: `@web,db[3-4]`. A group is used where all its hosts are among the
 * names; the largest go first, of equal ones the first by name, and no host is named twice.
 * @param groups each group's hosts
 */
export function regroup(names: Iterable<string>, groups: ReadonlyMap<string, readonly string[]>): string {
  const rest = new Set(names);
  const full: { readonly name: string; readonly hosts: ReadonlySet<string> }[] = [];
  for (const [name, members] of groups) {
    const hosts = new Set(members);
    if (hosts.size > 0 && isCovered(hosts, rest)) full.push({ name, hosts });
  }
  full.sort((a, b) => b.hosts.size - a.hosts.size || (a.name < b.name ? -1 : 1));
  const used: string[] = [];
  for (const { name, hosts } of full) {
    if (!isCovered(hosts, rest)) continue;
    used.push(`@${name}`);
    for (const host of hosts) rest.delete(host);
  }
  return [foldNames(used), foldNames(rest)].filter((part) => part !== '').join(',');
}

function isCovered(hosts: ReadonlySet<string>, names: ReadonlySet<string>): boolean {
  for (const host of hosts) if (!names.has(host)) return false;
  return true;
}
