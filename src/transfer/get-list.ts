import type { GetRequest } from './get.js';
import { listCommand } from './get-script.js';
import { nameParts, shown } from './received-name.js';
import { remoteFault, runRemote, type TransferHost, transferError } from './remote.js';

/** Something to bring, as the host listed it. */
export interface Wanted {
  /** On the host, absolute. */
  readonly path: string;
  readonly name: string;
  /** `linked`: a link to a folder, sent as the folder. */
  readonly kind: 'file' | 'folder' | 'linked';
}

// A command of so many bytes holds some thousand names and fits every server.
const MOST_NAMES = 32 * 1024;

/** What the sources come to on the host. @throws PsshError ERR_TRANSFER, or the connection's */
export async function list(request: GetRequest, host: TransferHost): Promise<readonly Wanted[]> {
  const { sources, ignoreMissing, options } = request;
  const end = await runRemote(host, listCommand(sources));
  if (end.status !== 0) throw remoteFault(host, end, sources.join(' '));
  const words = end.stdout.split('\0');
  const found = new Map<string, Wanted>();
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [kind = '', full = ''] = words.slice(at, at + 2);
    const item = wantedOf(kind, full, request, host);
    if (item === null) continue;
    const other = found.get(item.name);
    if (other !== undefined && other.path !== item.path)
      throw transferError(
        host.target,
        `${other.path} and ${full} have the same name; get them one at a time`,
      );
    if (item.kind !== 'file' && !options.recursive)
      throw transferError(
        host.target,
        `${full}: is a folder; -r (recursive) brings folders with all that is in them`,
      );
    found.set(item.name, item);
  }
  if (found.size === 0 && !ignoreMissing)
    throw transferError(host.target, `${sources.join(' ')}: nothing there`);
  return [...found.values()];
}

function wantedOf(kind: string, full: string, request: GetRequest, host: TransferHost): Wanted | null {
  const fault = (why: string): Error => transferError(host.target, `${full}: ${why}`);
  if (kind === 'm') {
    if (request.ignoreMissing) return null;
    throw fault('there is no such file or folder');
  }
  if (kind === 'x') throw fault('can not be read (permission denied)');
  const name = nameOf(full, host);
  const known = ({ f: 'file', d: 'folder', l: 'linked' } as const)[kind];
  if (known === undefined) throw fault('is no file or folder (a device, a pipe?)');
  return { path: full, name, kind: known };
}

/** The host says what its files are called: no more than one plain name is taken from it. */
function nameOf(full: string, host: TransferHost): string {
  const name = full.slice(full.lastIndexOf('/') + 1);
  try {
    if (name !== '.' && name !== '..' && nameParts(name).length === 1) return name;
  } catch (error) {
    throw transferError(host.target, (error as Error).message, error);
  }
  throw transferError(host.target, `${shown(full)}: name the folder itself, by its whole name`);
}

/** What one tar can send. */
export interface Group {
  readonly folder: string;
  readonly kind: Wanted['kind'];
  readonly items: readonly Wanted[];
}

export function groupsOf(wanted: readonly Wanted[]): readonly Group[] {
  const groups: { folder: string; kind: Wanted['kind']; items: Wanted[]; bytes: number }[] = [];
  for (const item of wanted) {
    const { kind } = item;
    const folder = kind === 'linked' ? item.path : item.path.slice(0, item.path.lastIndexOf('/')) || '/';
    const bytes = Buffer.byteLength(item.name) * 2;
    const open = groups.findLast(
      (group) =>
        kind !== 'linked' &&
        group.kind === kind &&
        group.folder === folder &&
        group.bytes + bytes < MOST_NAMES,
    );
    if (open === undefined) groups.push({ folder, kind, items: [item], bytes });
    else {
      open.items.push(item);
      open.bytes += bytes;
    }
  }
  return groups;
}

/** As the host's side is told them, in the group's folder. */
export const namesOf = ({ kind, items }: Group): readonly string[] =>
  kind === 'linked' ? ['.'] : items.map(({ name }) => name);
