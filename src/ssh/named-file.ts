import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';

/**
 * That a file which is handed to ssh is there: ssh reads a folder as an empty file, without a word.
 * @param what what it should be: "an ssh_config"
 * @throws PsshError ERR_USAGE that names the option
 */
export function checkFile(option: string, file: string, what: string): void {
  const stats = statsOf(file);
  if (stats === undefined) throw usageError(`${option}: no file ${show(file)}; name ${what} that exists`);
  if (stats.isDirectory()) throw usageError(`${option}: ${show(file)} is a folder; name ${what}`);
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw usageError(`${option}: ${show(file)} can't be read; name ${what} that you may read`, cause);
  }
}

/** Undefined: there is nothing, or nothing that can be asked for (a name that is too long, a folder that is closed). */
export function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
