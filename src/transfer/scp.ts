import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { TransferOptions } from '../core/files.js';
import { overMasterArgs } from '../ssh/argv.js';
import { oddCommand } from './get-script.js';
import type { LocalSource } from './local-source.js';
import { type ProgramEnd, runProgram } from './program.js';
import { nameParts, shown } from './received-name.js';
import { remoteFault, runRemote, type TransferHost, transferError } from './remote.js';

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

const at = ({ master: { target } }: TransferHost, place: string): string =>
  `${target.host.includes(':') ? `[${target.host}]` : target.host}:${place}`;

/** Sends files into a folder of the host. @throws PsshError ERR_TRANSFER */
export async function scpTo(
  host: TransferHost,
  options: TransferOptions,
  sources: readonly LocalSource[],
  folder: string,
): Promise<void> {
  // A path from the root on holds no colon before its first slash: scp would take what stands there for a host.
  const own = sources.map(({ source }) => path.resolve(source));
  const end = await runProgram(host, 'scp', [...scpArgs(host, options), ...own, at(host, `${folder}/`)]);
  if (end.code !== 0) throw scpError(host, end, folder);
}

/**
 * Brings files of the host into a private folder, and looks at what has come.
 * @returns bytes of files below each name
 * @throws PsshError ERR_TRANSFER
 */
export async function scpFrom(
  host: TransferHost,
  options: TransferOptions,
  items: readonly { readonly path: string; readonly name: string; readonly kind: string }[],
  folder: string,
): Promise<ReadonlyMap<string, number>> {
  for (const { path: full, kind } of items) {
    if (kind === 'file') continue;
    // scp would follow each link and wait at each pipe.
    const end = await runRemote(host, oddCommand(full));
    if (end.status !== 0) throw remoteFault(host, end, full);
    const odd = end.stdout.split('\n')[0];
    if (odd !== undefined && odd !== '')
      throw transferError(
        host.target,
        `${full}/${odd} is no plain file or folder, which scp would follow; use --via tar`,
      );
  }
  const names = items.map((item) => at(host, escapePattern(item.path)));
  const end = await runProgram(host, 'scp', [...scpArgs(host, options), ...names, `${folder}/`]);
  if (end.code !== 0) throw scpError(host, end, items[0]?.path ?? '');
  const wanted = new Set(items.map(({ name }) => name));
  const bytes = new Map<string, number>();
  for (const name of await readdir(folder)) {
    if (!wanted.has(name))
      throw transferError(host.target, `the host sent what was not asked for, ${shown(name)}`);
    bytes.set(name, await looked(host, folder, name));
  }
  const missing = items.find(({ name }) => !bytes.has(name));
  if (missing !== undefined) throw transferError(host.target, `${missing.path}: did not come`);
  return bytes;
}

/** Bytes of the files below; refuses what is neither file nor folder. */
async function looked(host: TransferHost, folder: string, name: string): Promise<number> {
  nameParts(name);
  const full = path.join(folder, name);
  const stats = await lstat(full);
  if (stats.isFile()) return stats.size;
  if (!stats.isDirectory())
    throw transferError(host.target, `the host sent what is no file or folder, ${shown(name)}`);
  let bytes = 0;
  for (const child of await readdir(full)) bytes += await looked(host, folder, `${name}/${child}`);
  return bytes;
}

// sftp expands patterns; the names are whole already.
const escapePattern = (name: string): string => name.replace(/[\\*?[\]{}]/g, (found) => `\\${found}`);

function scpError(host: TransferHost, { stderr, code, signal }: ProgramEnd, place: string): Error {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const said =
    lines.findLast((line) => !/^(Connection closed|scp: Connection closed)/.test(line)) ?? lines.at(-1);
  const why = said ?? (signal === null ? `scp ended with status ${code}` : `scp was killed by ${signal}`);
  return transferError(
    host.target,
    `${place}: ${why.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 400)}`,
  );
}
