import { accessSync, constants, statSync } from 'node:fs';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';

/**
 * That a file which is handed to ssh is there: ssh reads a folder as an empty file, without a word.
 * @param what what it should be: "an ssh_config"
 * @throws PsshError ERR_USAGE that names the option
 */
export function checkFile(option: string, file: string, what: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw usageError(`${option}: no file ${show(file)}; name ${what} that exists`);
  if (stats.isDirectory()) throw usageError(`${option}: ${show(file)} is a folder; name ${what}`);
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw usageError(`${option}: ${show(file)} can't be read; name ${what} that you may read`, cause);
  }
}
