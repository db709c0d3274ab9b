import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { TransferredFile } from '../core/files.js';
import { overMasterArgs } from '../ssh/argv.js';
import { runProgram } from './program.js';
import { type TransferHost, transferError } from './remote.js';

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
  const { master, target } = host;
  const remote = (name: string): string =>
    `${target.host.includes(':') ? `[${target.host}]` : target.host}:${name}`;
  const own = (name: string): string => (path.isAbsolute(name) ? name : `./${name}`);
  if (direction === 'from-host') await mkdir(dest, { recursive: true });
  const args = [
    '--archive',
    '--stats',
    '--no-human-readable',
    '--no-motd',
    // The host's shell reads no name: they go over the wire.
    '--protect-args',
    ...(remove ? ['--delete'] : []),
    ...(limitRate === null ? [] : [`--bwlimit=${Math.max(1, Math.round(limitRate / 1024))}`]),
    '-e',
    ['ssh', ...overMasterArgs(master)].map(rsyncWord).join(' '),
    ...extra,
    '--',
    direction === 'to-host' ? own(source) : remote(source),
    direction === 'to-host' ? remote(dest) : own(dest),
  ];
  const end = await runProgram(host, 'rsync', args);
  if (end.code !== 0) throw syncError(host, end.stderr, end.code, direction === 'to-host' ? dest : source);
  const count = (what: RegExp): number => Number(what.exec(end.stdout)?.[1]?.replaceAll(/[.,]/g, '') ?? 0);
  const moved = count(/^Number of (?:regular )?files transferred: ([\d.,]+)/m);
  const made = count(/^Number of created files: ([\d.,]+)/m);
  const removed = count(/^Number of deleted files: ([\d.,]+)/m);
  const bytes = count(/^Total transferred file size: ([\d.,]+)/m);
  return [{ source, dest, bytes, changed: moved + made + removed > 0 }];
}

/** rsync splits the words of -e at blanks; in quotes a doubled quote stands for one. */
export function rsyncWord(word: string): string {
  return /^[A-Za-z0-9_@+:,./=%-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`;
}

function syncError({ target }: TransferHost, stderr: string, code: number | null, place: string): Error {
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').trim())
    .filter((line) => line !== '');
  // By the codes of POSIX shells; rsync itself says only that the data stream broke.
  if (
    code === 127 ||
    lines.some((line) => /rsync.*(not found|No such file or directory)$/.test(line) && !/^rsync:/.test(line))
  )
    return transferError(target, 'the host has no rsync; install it there, or use put or get');
  const said = lines.find((line) => !/^rsync error:/.test(line)) ?? lines.at(-1);
  return transferError(target, `${place}: ${said?.slice(0, 400) ?? `rsync ended with status ${code}`}`);
}
