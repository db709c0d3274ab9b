import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { TransferOptions } from '../core/files.js';
import { overMasterArgs } from '../ssh/argv.js';
import type { Group } from './get-list.js';
import type { LocalSource } from './local-source.js';
import { onHost, type ProgramEnd, programFault, runProgram } from './program.js';
import { plainLines, type TransferHost, transferError } from './remote.js';

/** What each rsync of ours is told: the way there, and to be quiet. */
export function rsyncArgs({ master }: TransferHost, limitRate: number | null): string[] {
  return [
    '--no-motd',
    // The host's shell reads no name: they go over the wire.
    '--protect-args',
    ...(limitRate === null ? [] : [`--bwlimit=${Math.max(1, Math.round(limitRate / 1024))}`]),
    '-e',
    ['ssh', ...overMasterArgs(master)].map(rsyncWord).join(' '),
  ];
}

/** rsync splits the words of -e at blanks; in quotes a doubled quote stands for one. */
export function rsyncWord(word: string): string {
  return /^[A-Za-z0-9_@+:,./=%-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`;
}

function copyArgs(host: TransferHost, options: TransferOptions, basis: string): string[] {
  return [
    ...rsyncArgs(host, options.limitRate),
    '--recursive',
    '--sparse',
    // All go to a private folder first. What differs from the files of these names is all that moves; and what has the
    // same size and time may still be another.
    `--copy-dest=${basis}`,
    '--ignore-times',
    // Set-user-id and its like would come with another owner.
    ...(options.preserve ? ['--perms', '--times', '--chmod=u-s,g-s,-t'] : []),
  ];
}

/**
 * Sends files into a private folder of the host.
 * @param basis where the files of an earlier put lie there
 * @throws PsshError ERR_TRANSFER
 */
export async function rsyncTo(
  host: TransferHost,
  options: TransferOptions,
  sources: readonly LocalSource[],
  { folder, basis }: { readonly folder: string; readonly basis: string },
): Promise<void> {
  const paths = sources.map(({ source }) => path.resolve(source));
  for (const full of paths)
    if ((await lstat(full)).isSymbolicLink())
      throw transferError(
        host.target,
        `${full} is a link, which rsync would send as one; name what it leads to, or use --via tar`,
      );
  const args = [...copyArgs(host, options, basis), '--links', '--', ...paths, onHost(host, `${folder}/`)];
  const end = await runProgram(host, 'rsync', args);
  if (end.code !== 0) throw rsyncFault(host, end, folder);
}

export interface RsyncFrom {
  /** On the host, absolute. */
  readonly paths: readonly string[];
  readonly kind: Group['kind'];
  /** A private folder of ours. */
  readonly folder: string;
  /** Where the files of an earlier get lie. */
  readonly basis: string;
}

/**
 * Brings files of the host into a private folder. Links are not taken: a hostile rsync could send a file by way of one.
 * @throws PsshError ERR_TRANSFER
 */
export async function rsyncFrom(
  host: TransferHost,
  options: TransferOptions,
  { paths, kind, folder, basis }: RsyncFrom,
): Promise<void> {
  const args = [
    ...copyArgs(host, options, basis),
    // A link that is named itself is followed.
    ...(kind === 'file' ? ['--copy-links'] : []),
    '--',
    ...paths.map((full) => onHost(host, escapePattern(full))),
    `${folder}/`,
  ];
  const end = await runProgram(host, 'rsync', args);
  if (end.code !== 0) throw rsyncFault(host, end, paths[0] ?? '');
}

// The other side expands patterns, with --protect-args too; the names are whole already.
const escapePattern = (name: string): string => name.replace(/[\\*?[]/g, (found) => `\\${found}`);

export function rsyncFault(host: TransferHost, end: ProgramEnd, place: string): Error {
  // By the codes of POSIX shells; rsync itself says only that the data stream broke.
  const missing = plainLines(end.stderr).some(
    (line) => /rsync.*(not found|No such file or directory)$/.test(line) && !/^rsync:/.test(line),
  );
  if (end.code === 127 || missing)
    return transferError(host.target, 'the host has no rsync; install it there, or put and get --via tar');
  return programFault(
    host,
    {
      program: 'rsync',
      place,
      idle: /^rsync( error)?: (connection unexpectedly closed|.* \(code \d+\) at |\[\w+\] write error: Broken pipe)|^\(see the rsync manpage/,
    },
    end,
  );
}
