import { usageError } from './errors.js';
import { show } from './show.js';

/**
 * A value as one word of the remote login shell, whichever it is: single quotes, and outside of them
 * `\'`, `\\` and `\!`. This is the one form that sh, bash, zsh, tcsh and fish read alike; POSIX quoting alone
 * lets `\' '; command #` run under fish. A newline has no common form (tcsh), so it is refused.
 * @throws PsshError ERR_USAGE that names `what`
 */
export function quoteForShell(value: string, what = 'value'): string {
  if (/[\u0000\n\r]/.test(value)) {
    throw usageError(
      `${what} ${show(value)} holds a newline or NUL, which has no form all login shells read; send it over stdin (-I)`,
    );
  }
  if (isPlainWord(value)) return value;
  return `'${value.replace(/['\\!]/g, (character) => `'\\${character}'`)}'`;
}

/** A word that every shell takes for itself, quoted or not. Not %: fish reads %self as its process id. */
export function isPlainWord(value: string): boolean {
  return /^[A-Za-z0-9_@+:,./-]+$/.test(value);
}
