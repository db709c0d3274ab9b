import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { usageError } from '../core/errors.js';
import { secretFault } from '../core/secrets.js';
import { show } from '../core/show.js';
import { checkFile } from '../ssh/named-file.js';

const LONGEST_BYTES = 4096;
// 0, 1 and 2 have a use already.
const FIRST_FREE = 3;

/** The number in `fd:3`, `/dev/fd/3`; null: it is a file. */
function descriptorOf(file: string): number | null {
  if (file === '-' || file === '/dev/stdin') return 0;
  const number = /^(?:fd:|\/dev\/fd\/|\/proc\/self\/fd\/)(\d{1,9})$/.exec(file)?.[1];
  return number === undefined ? null : Number(number);
}

/** That a secret can be had from there, as far as can be seen without reading it. @throws PsshError ERR_USAGE */
export function checkSecretFile(option: string, file: string): void {
  const descriptor = descriptorOf(file);
  if (descriptor === null) {
    checkFile(option, file, 'a file with the secret in its first line');
    refuseOpenFile(option, file, statSync(file));
  } else if (descriptor < FIRST_FREE)
    throw usageError(`${option}: ${show(file)} is our own input or output; use fd:3 and 3< FILE`);
}

/**
 * The first line of a file or a descriptor, which is closed. A file that others may read is refused.
 * @throws PsshError ERR_USAGE, without a word of what was read
 */
export function readSecretFile(option: string, file: string): string {
  const inherited = descriptorOf(file);
  let descriptor: number;
  try {
    descriptor = inherited ?? openSync(file, 'r');
    // Looked at again: what was checked before may have been exchanged.
    refuseOpenFile(option, file, fstatSync(descriptor));
  } catch (cause) {
    if (inherited !== null) throw usageError(`${option}: descriptor ${inherited} is not open`, cause);
    throw cause;
  }
  try {
    if (isatty(descriptor))
      throw usageError(`${option}: ${show(file)} is a terminal; leave it out and let pssh-ts ask`);
    const line = firstLine(descriptor, option, file);
    if (!isUtf8(line)) throw usageError(`${option}: the first line of ${show(file)} is no UTF-8`);
    const secret = line.toString('utf8').replace(/\r$/, '');
    const fault = secretFault(secret);
    if (fault !== null) throw usageError(`${option}: the first line of ${show(file)}: ${fault}`);
    return secret;
  } finally {
    closeSync(descriptor);
  }
}

function refuseOpenFile(option: string, file: string, stats: Stats): void {
  if (!stats.isFile()) return;
  const { uid, mode } = stats;
  if ((mode & 0o077) !== 0)
    throw usageError(
      `${option}: others may use ${show(file)} (mode ${(mode & 0o777).toString(8)}); chmod 600 it`,
    );
  if (uid !== 0 && uid !== process.getuid?.())
    throw usageError(`${option}: ${show(file)} is user ${uid}'s, not yours; use a file of your own`);
}

function firstLine(descriptor: number, option: string, file: string): Buffer {
  const bytes = Buffer.alloc(LONGEST_BYTES);
  try {
    for (let filled = 0; ; ) {
      const end = bytes.subarray(0, filled).indexOf('\n');
      if (end !== -1) return Buffer.from(bytes.subarray(0, end));
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, null);
      filled += read;
      if (read === 0) return Buffer.from(bytes.subarray(0, filled));
    }
  } catch (cause) {
    throw usageError(`${option}: ${show(file)} can't be read: ${(cause as Error).message}`, cause);
  } finally {
    bytes.fill(0);
  }
}
