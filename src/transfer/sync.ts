import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { TransferredFile } from '../core/files.js';
import { onHost, runProgram } from './program.js';
import type { TransferHost } from './remote.js';
import { rsyncArgs, rsyncFault } from './rsync.js';

export interface SyncRequest {
  readonly kind: 'sync';
  readonly direction: 'to-host' | 'from-host';
  /** As they were written, without the colon of the host's side. */
  readonly source: string;
  readonly dest: string;
  /** Remove there what is not here. */
  readonly remove: boolean;
  /** Only tell what would be done. */
  readonly limitRate: number | null;
  /** More options for rsync, each one word. */
  readonly extra: readonly string[];
}

/**
 * Makes one folder like another by the system's rsync, over the host's master.
 * @throws PsshError ERR_TRANSFER, ERR_SSH_SPAWN
 */
export async function sync(request: SyncRequest, host: TransferHost): Promise<readonly TransferredFile[]> {
  const { direction, source, dest, remove, limitRate, extra } = request;
  const own = (name: string): string => (path.isAbsolute(name) ? name : `./${name}`);
  if (direction === 'from-host') await mkdir(dest, { recursive: true });
  const args = [
    '--archive',
    '--stats',
    '--no-human-readable',
    ...rsyncArgs(host, limitRate),
    ...(remove ? ['--delete'] : []),
    ...extra,
    '--',
    direction === 'to-host' ? own(source) : onHost(host, source),
    direction === 'to-host' ? onHost(host, dest) : own(dest),
  ];
  const end = await runProgram(host, 'rsync', args);
  if (end.code !== 0) throw rsyncFault(host, end, direction === 'to-host' ? dest : source);
  const count = (what: RegExp): number => Number(what.exec(end.stdout)?.[1]?.replaceAll(/[.,]/g, '') ?? 0);
  const moved = count(/^Number of (?:regular )?files transferred: ([\d.,]+)/m);
  const made = count(/^Number of created files: ([\d.,]+)/m);
  const removed = count(/^Number of deleted files: ([\d.,]+)/m);
  const bytes = count(/^Total transferred file size: ([\d.,]+)/m);
  host.moved(bytes);
  return [{ source, dest, bytes, changed: moved + made + removed > 0 }];
}
