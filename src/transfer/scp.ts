import path from 'node:path';
import type { TransferOptions } from '../core/files.js';
import { overMasterArgs } from '../ssh/argv.js';
import type { LocalSource } from './local-source.js';
import { onHost, type ProgramEnd, programFault, runProgram } from './program.js';
import type { TransferHost } from './remote.js';

/** What scp is told of the way there, and of what to bring along. */
function scpArgs({ master }: TransferHost, { preserve, recursive, limitRate }: TransferOptions): string[] {
  return [
    // By sftp, which takes names as they are: its older protocol hands them to the host's shell.
    ...['-s', '-q', '-B', '-S', 'ssh'],
    ...overMasterArgs(master),
    ...(preserve ? ['-p'] : []),
    ...(recursive ? ['-r'] : []),
    ...(limitRate === null ? [] : ['-l', String(Math.max(1, Math.round((limitRate * 8) / 1000)))]),
    '--',
  ];
}

/** Sends files into a folder of the host. @throws PsshError ERR_TRANSFER */
export async function scpTo(
  host: TransferHost,
  options: TransferOptions,
  sources: readonly LocalSource[],
  folder: string,
): Promise<void> {
  // A path from the root on holds no colon before its first slash: scp would take what stands there for a host.
  const own = sources.map(({ source }) => path.resolve(source));
  const end = await runProgram(host, 'scp', [...scpArgs(host, options), ...own, onHost(host, `${folder}/`)]);
  if (end.code !== 0) throw scpFault(host, end, folder);
}

/** Brings files of the host, by their whole names, into a private folder. @throws PsshError ERR_TRANSFER */
export async function scpFrom(
  host: TransferHost,
  options: TransferOptions,
  paths: readonly string[],
  folder: string,
): Promise<void> {
  const names = paths.map((full) => onHost(host, escapePattern(full)));
  const end = await runProgram(host, 'scp', [...scpArgs(host, options), ...names, `${folder}/`]);
  if (end.code !== 0) throw scpFault(host, end, paths[0] ?? '');
}

// sftp expands patterns; the names are whole already.
const escapePattern = (name: string): string => name.replace(/[\\*?[\]{}]/g, (found) => `\\${found}`);

function scpFault(host: TransferHost, end: ProgramEnd, place: string): Error {
  return programFault(
    host,
    { program: 'scp', place, idle: /^(scp: )?(Connection closed|failed to (up|down)load)/ },
    end,
  );
}
