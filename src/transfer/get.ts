import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { TransferOptions, TransferredFile } from '../core/files.js';
import { groupsOf, list } from './get-list.js';
import { receive } from './get-receive.js';
import { changedGroups, compareSums, remoteSums } from './get-sums.js';
import { ownFault } from './own-fault.js';
import { place } from './place.js';
import { type TransferHost, transferError } from './remote.js';
import { makeTemporary, removeTemporary, sweepTemporaries } from './temporary.js';

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

/**
 * Brings files of a host: into a private folder first, and to their names once all are whole.
 * @throws PsshError ERR_TRANSFER, or the connection's
 */
export async function get(request: GetRequest, host: TransferHost): Promise<readonly TransferredFile[]> {
  const { options } = request;
  const wanted = await list(request, host);
  for (const { name } of wanted) claim(request, host, name);
  const groups = groupsOf(wanted);
  const sums = options.verify || options.ifChanged ? await remoteSums(groups, host) : null;
  const destination = (name: string): string => destOf(request, name);
  const needed = options.ifChanged && sums !== null ? await changedGroups(groups, sums, destination) : groups;
  host.signal.throwIfAborted();
  let bytes: ReadonlyMap<string, number> = new Map();
  if (needed.length > 0) {
    const temporary = await ownFault(host, beside(request.folder));
    try {
      bytes = await receive({ options, groups: needed, temporary, basis: request.folder }, host);
      if (options.verify && sums !== null) await compareSums(host, needed, sums, temporary);
      await ownFault(host, async () => {
        for (const { name } of needed.flatMap((group) => group.items))
          place(path.join(temporary, name), destination(name));
      });
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

/** A private folder in the one that files go to, which is made where it is missing. */
async function beside(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await sweepTemporaries(folder);
  return makeTemporary(folder);
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
