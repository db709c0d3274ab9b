import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { TransferOptions, TransferredFile } from '../core/files.js';
import { digestOf } from './digest.js';
import { listCommand, sendCommand, sumsCommand } from './get-script.js';
import { place } from './place.js';
import { Rate } from './rate.js';
import { nameParts, Refused, shown } from './received-name.js';
import { remoteFault, runRemote, type TransferHost, transferError } from './remote.js';
import { scpFrom } from './scp.js';
import { makeTemporary, removeTemporary, sweepTemporaries } from './temporary.js';
import { Unpack } from './unpack.js';

export interface GetRequest {
  readonly kind: 'get';
  /** Names or patterns of the host. */
  readonly sources: readonly string[];
  /** The folder of ours that this host's files go to; no other host's. */
  readonly folder: string;
  /** Stands behind each name: of several hosts in one folder, `.web1`. */
  readonly suffix: string;
  /** What is not there is passed over. */
  readonly ignoreMissing: boolean;
  readonly options: TransferOptions;
  /** Whose each file is, shared by the hosts of a run: no two may write one. */
  readonly owners: Map<string, string>;
}

/** Something to bring, as the host listed it. */
interface Wanted {
  /** On the host, absolute. */
  readonly path: string;
  readonly name: string;
  /** `linked`: a link to a folder, sent as the folder. */
  readonly kind: 'file' | 'folder' | 'linked';
}

// A command of so many bytes holds some thousand names and fits every server.
const MOST_NAMES = 32 * 1024;

/**
 * Brings files of a host: into a private folder first, and to their names once all are whole.
 * @throws PsshError ERR_TRANSFER, or the connection's
 */
export async function get(request: GetRequest, host: TransferHost): Promise<readonly TransferredFile[]> {
  const { folder, options } = request;
  const wanted = await list(request, host);
  if (wanted.length === 0) return [];
  for (const { name } of wanted) claim(request, host, name);
  const groups = groupsOf(wanted);
  const sums = options.verify || options.ifChanged ? await remoteSums(groups, host) : null;
  const needed =
    options.ifChanged && sums !== null ? await changedGroups(request, host, groups, sums) : groups;
  let bytes = new Map<string, number>();
  if (needed.length > 0) {
    await own(host, mkdir(folder, { recursive: true }));
    await sweepTemporaries(folder);
    const temporary = await own(host, makeTemporary(folder));
    try {
      bytes = await receive(request, host, needed, temporary);
      if (options.verify && sums !== null) await compare(host, needed, sums, temporary);
      for (const { name } of needed.flatMap((group) => group.items))
        await own(
          host,
          Promise.resolve().then(() => place(path.join(temporary, name), destOf(request, name))),
        );
    } finally {
      await removeTemporary(temporary);
    }
  }
  const came = new Set(needed.flatMap(({ items }) => items));
  return wanted.map((item) => ({
    source: item.path,
    dest: destOf(request, item.name),
    bytes: bytes.get(item.name) ?? 0,
    changed: came.has(item),
  }));
}

const destOf = ({ folder, suffix }: GetRequest, name: string): string =>
  path.join(folder, `${name}${suffix}`);

// `a` of the host b.c and `a.b` of the host c are both a.b.c, and some file systems take `A` for `a`.
function claim(request: GetRequest, host: TransferHost, name: string): void {
  const dest = destOf(request, name);
  const { label } = host.target;
  const owner = request.owners.get(dest.toLowerCase()) ?? label;
  if (owner !== label)
    throw transferError(host.target, `${dest} is the file of ${owner} in this run; leave out --flat`);
  request.owners.set(dest.toLowerCase(), label);
}

async function list(request: GetRequest, host: TransferHost): Promise<readonly Wanted[]> {
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
interface Group {
  readonly folder: string;
  readonly kind: Wanted['kind'];
  readonly items: readonly Wanted[];
}

function groupsOf(wanted: readonly Wanted[]): readonly Group[] {
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

const namesOf = ({ kind, items }: Group): readonly string[] =>
  kind === 'linked' ? ['.'] : items.map(({ name }) => name);

async function receive(
  request: GetRequest,
  host: TransferHost,
  groups: readonly Group[],
  temporary: string,
): Promise<Map<string, number>> {
  const { options } = request;
  const bytes = new Map<string, number>();
  const rate = new Rate(options.limitRate, host.signal);
  let via = options.via;
  for (const group of groups) {
    if (via !== 'scp') {
      const took = await byTar(request, host, group, temporary, rate);
      if (took !== null) {
        for (const [name, size] of took) bytes.set(name, size);
        continue;
      }
      if (via === 'tar')
        throw transferError(host.target, 'the host has no tar; leave out --via, or use --via scp');
      via = 'scp';
    }
    for (const [name, size] of await scpFrom(host, options, group.items, temporary)) bytes.set(name, size);
  }
  return bytes;
}

/** Null: the host has no tar. */
async function byTar(
  { options }: GetRequest,
  host: TransferHost,
  group: Group,
  temporary: string,
  rate: Rate,
): Promise<ReadonlyMap<string, number> | null> {
  const names = group.items.map(({ name }) => name);
  const unpack = new Unpack({
    folder: temporary,
    tops: new Set(names),
    root: group.kind === 'linked' ? (names[0] ?? '') : null,
    preserve: options.preserve,
  });
  const end = await runRemote(host, sendCommand(group.folder, namesOf(group), group.kind === 'file'), {
    output: async (pieces) => {
      await own(host, unpack.read(limited(pieces, rate)));
    },
  });
  if (end.status !== 0 && /^pssh-ts: no tar$/m.test(end.stderr)) return null;
  if (end.status !== 0 && !onlyGrowing(end.stderr)) throw remoteFault(host, end, group.folder);
  const missing = names.find((name) => !unpack.has(name));
  if (missing !== undefined) throw transferError(host.target, `${group.folder}/${missing}: did not come`);
  await own(host, unpack.finish());
  return unpack.bytes;
}

/** GNU tar ends with 1 where a file was written to while it was read (a log): what it had then has come. */
function onlyGrowing(stderr: string): boolean {
  const lines = stderr.split('\n').filter((line) => line !== '');
  return lines.length > 0 && lines.every((line) => /^tar: .*: file changed as we read it$/.test(line));
}

async function* limited(source: AsyncIterable<Buffer>, rate: Rate): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    await rate.take(piece.length);
    yield piece;
  }
}

/** By the names that the files get here. */
type Sums = ReadonlyMap<string, string>;

async function remoteSums(groups: readonly Group[], host: TransferHost): Promise<Sums> {
  const sums = new Map<string, string>();
  for (const group of groups) {
    const end = await runRemote(host, sumsCommand(group.folder, namesOf(group)));
    if (end.status !== 0) throw remoteFault(host, end, group.folder);
    const words = end.stdout.split('\0');
    for (const word of words.slice(0, -1)) {
      const [, sum, name] = /^([0-9a-f]{64})[^\n]*\n\.?\/?([\s\S]+)$/.exec(word) ?? [];
      if (sum === undefined || name === undefined)
        throw transferError(host.target, `${group.folder}: the host gave no SHA-256`);
      sums.set(group.kind === 'linked' ? `${group.items[0]?.name ?? ''}/${name}` : name, sum);
    }
  }
  return sums;
}

/** The groups without what stands here already. */
async function changedGroups(
  request: GetRequest,
  host: TransferHost,
  groups: readonly Group[],
  sums: Sums,
): Promise<readonly Group[]> {
  const changed: Group[] = [];
  for (const group of groups) {
    const items: Wanted[] = [];
    for (const item of group.items)
      if (!(await isSame(destOf(request, item.name), item.name, sums))) items.push(item);
    if (items.length > 0) changed.push({ ...group, items });
  }
  host.signal.throwIfAborted();
  return changed;
}

async function isSame(dest: string, name: string, sums: Sums): Promise<boolean> {
  const below = [...sums].filter(([file]) => file === name || file.startsWith(`${name}/`));
  if (below.length === 0) return false;
  for (const [file, sum] of below) {
    const place = `${dest}${file.slice(name.length)}`;
    if ((await digestOf(place).catch(() => null)) !== sum) return false;
  }
  return true;
}

async function compare(
  host: TransferHost,
  groups: readonly Group[],
  sums: Sums,
  folder: string,
): Promise<void> {
  for (const { name, path: full } of groups.flatMap((group) => group.items)) {
    for (const [file, sum] of sums) {
      if (file !== name && !file.startsWith(`${name}/`)) continue;
      const came = await digestOf(path.join(folder, file)).catch(() => null);
      if (came !== sum)
        throw transferError(
          host.target,
          `${full}${file.slice(name.length)}: what came is not what the host has (SHA-256)`,
        );
    }
  }
}

/** A fault of ours, or what was refused, told with the host that it kept from its file. */
async function own<T>(host: TransferHost, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (host.signal.aborted) throw error;
    const { code, message, path: at } = error as NodeJS.ErrnoException;
    if (error instanceof Refused || code === undefined) throw transferError(host.target, message, error);
    throw transferError(host.target, `here${at === undefined ? '' : `, ${at}`}: ${message}`, error);
  });
}
