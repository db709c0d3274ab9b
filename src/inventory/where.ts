import { inventoryError, type PsshError } from '../core/errors.js';
import { show } from '../core/show.js';

/** `file:line` or `file:line:column`, both from 1, as editors and compilers write it. */
export function at(path: string, line: number, column?: number): string {
  // A file name with control characters in it would spoil the one error line.
  const file = /^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(path) ? path : show(path);
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

/** One line: where it stands, what is wrong, what mends it. */
export function faultAt(where: string, problem: string, mend: string, cause?: unknown): PsshError {
  return inventoryError(`${where}: ${problem}; ${mend}`, cause);
}
