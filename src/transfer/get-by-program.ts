import { lstatSync, readdirSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { TransferOptions } from '../core/files.js';
import type { Group } from './get-list.js';
import { oddCommand } from './get-script.js';
import { ownFault } from './own-fault.js';
import { place } from './place.js';
import { nameParts, Refused, shown } from './received-name.js';
import { remoteFault, runRemote, type TransferHost, transferError } from './remote.js';
import { rsyncFrom } from './rsync.js';
import { scpFrom } from './scp.js';
import { makeTemporary } from './temporary.js';

export interface Places {
  /** A private folder of ours. */
  readonly folder: string;
  /** Where the files of an earlier get lie. */
  readonly basis: string;
}

/**
 * Brings files of the host by the system's scp or rsync into a private folder, and looks at what has come.
 * @returns bytes of files below each name
 * @throws PsshError ERR_TRANSFER
 */
export async function byProgram(
  program: 'scp' | 'rsync',
  options: TransferOptions,
  host: TransferHost,
  { items, kind }: Group,
  { folder, basis }: Places,
): Promise<ReadonlyMap<string, number>> {
  if (program === 'rsync' && kind === 'linked')
    throw transferError(
      host.target,
      `${items[0]?.path} is a link, which rsync does not bring; name what it leads to, or use --via tar`,
    );
  // scp would follow each link and wait at each pipe; a rsync that takes links could be led by one.
  if (kind !== 'file') for (const item of items) await refuseOdd(program, host, item.path);
  const own = await makeTemporary(folder);
  const paths = items.map((item) => item.path);
  if (program === 'scp') await scpFrom(host, options, paths, own);
  else await rsyncFrom(host, options, { paths, folder: own, basis, kind });
  const bytes = await ownFault(host, async () => {
    const sizes = lookedAt(own, new Set(items.map(({ name }) => name)));
    for (const name of sizes.keys()) place(path.join(own, name), path.join(folder, name));
    await rmdir(own);
    return sizes;
  });
  const missing = items.find(({ name }) => !bytes.has(name));
  if (missing !== undefined) throw transferError(host.target, `${missing.path}: did not come`);
  for (const size of bytes.values()) host.moved(size);
  return bytes;
}

async function refuseOdd(program: string, host: TransferHost, folder: string): Promise<void> {
  const end = await runRemote(host, oddCommand(folder));
  if (end.status !== 0) throw remoteFault(host, end, folder);
  const odd = end.stdout.split('\n')[0];
  if (odd !== undefined && odd !== '')
    throw transferError(
      host.target,
      `${folder}/${odd.replace(/^\.\//, '')} is no plain file or folder, which ${program} does not bring as it is; use --via tar`,
    );
}

/** Bytes of the files below each name. @throws Refused for what was not asked for, and what is neither file nor folder */
function lookedAt(folder: string, wanted: ReadonlySet<string>): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    if (!wanted.has(name)) throw new Refused(`the host sent what was not asked for, ${shown(name)}`);
    bytes.set(name, bytesBelow(folder, name));
  }
  return bytes;
}

function bytesBelow(folder: string, name: string): number {
  nameParts(name);
  const full = path.join(folder, name);
  const stats = lstatSync(full);
  if (stats.isFile()) return stats.size;
  if (!stats.isDirectory()) throw new Refused(`the host sent what is no file or folder, ${shown(name)}`);
  return readdirSync(full).reduce((sum, child) => sum + bytesBelow(folder, `${name}/${child}`), 0);
}
