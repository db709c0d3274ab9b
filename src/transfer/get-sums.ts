import path from 'node:path';
import { digestOf } from './digest.js';
import { type Group, namesOf } from './get-list.js';
import { sumsCommand } from './get-script.js';
import { remoteFault, runRemote, type TransferHost, transferError } from './remote.js';

/** SHA-256 of files, by the names that they get here, below the name of what was asked for that they belong to. */
type Sums = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** @throws PsshError ERR_TRANSFER where the host has nothing to compute them with, or the connection's */
export async function remoteSums(groups: readonly Group[], host: TransferHost): Promise<Sums> {
  const sums = new Map<string, Map<string, string>>();
  for (const group of groups) {
    const end = await runRemote(host, sumsCommand(group.folder, namesOf(group)));
    if (end.status !== 0) throw remoteFault(host, end, group.folder);
    for (const word of end.stdout.split('\0').slice(0, -1)) {
      const [, sum, said] = /^([0-9a-f]{64})[^\n]*\n\.?\/?([\s\S]+)$/.exec(word) ?? [];
      if (sum === undefined || said === undefined)
        throw transferError(host.target, `${group.folder}: the host gave no SHA-256`);
      const name = group.kind === 'linked' ? `${group.items[0]?.name ?? ''}/${said}` : said;
      const top = name.split('/', 1)[0] ?? name;
      const below = sums.get(top) ?? new Map<string, string>();
      sums.set(top, below.set(name, sum));
    }
  }
  return sums;
}

/** The groups without what stands here already. */
export async function changedGroups(
  groups: readonly Group[],
  sums: Sums,
  destOf: (name: string) => string,
): Promise<readonly Group[]> {
  const changed: Group[] = [];
  for (const group of groups) {
    const items: Group['items'][number][] = [];
    for (const item of group.items) if (!(await isSame(destOf(item.name), item.name, sums))) items.push(item);
    if (items.length > 0) changed.push({ ...group, items });
  }
  return changed;
}

async function isSame(dest: string, name: string, sums: Sums): Promise<boolean> {
  const below = sums.get(name);
  if (below === undefined) return false;
  for (const [file, sum] of below)
    if ((await sumOf(`${dest}${file.slice(name.length)}`)) !== sum) return false;
  return true;
}

/** @throws PsshError ERR_TRANSFER where what came is not what the host has */
export async function compareSums(
  host: TransferHost,
  groups: readonly Group[],
  sums: Sums,
  folder: string,
): Promise<void> {
  for (const { name, path: full, kind } of groups.flatMap((group) => group.items)) {
    const below = sums.get(name);
    if (below === undefined && kind === 'file')
      throw transferError(host.target, `${full}: the host gave no SHA-256`);
    for (const [file, sum] of below ?? [])
      if ((await sumOf(path.join(folder, file))) !== sum)
        throw transferError(
          host.target,
          `${full}${file.slice(name.length)}: what came is not what the host has (SHA-256)`,
        );
  }
}

const sumOf = (file: string): Promise<string | null> => digestOf(file).catch(() => null);
