import { usageError } from './errors.js';
import { show } from './show.js';

export const NO_COMMON_FORM =
  'holds a newline or NUL, which has no form all login shells read; send it over stdin (-I)';

export const noCommonForm = (value: string): boolean => /[\u0000\n\r]/.test(value);

/**
 * A value as one word of the remote login shell, whichever it is: single quotes, and outside of them
 * `\'`, `\\` and `\!`. This is the one form that sh, bash, zsh, tcsh and fish read alike; POSIX quoting alone
 * lets `\' '; command #` run under fish. A newline has no common form (tcsh), so it is refused.
 * @throws PsshError ERR_USAGE that names `what`
 */
export function quoteForShell(value: string, what = 'value'): string {
  if (noCommonForm(value)) throw usageError(`${what} ${show(value)} ${NO_COMMON_FORM}`);
  if (isPlainWord(value)) return value;
  return `'${value.replace(/['\\!]/g, (character) => `'\\${character}'`)}'`;
}

/** A value as one word of sh: for our own scripts, which no login shell reads. A newline is as good as any other. */
export function quoteForSh(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** A word that every shell takes for itself, quoted or not. Not %: fish reads %self as its process id. */
export function isPlainWord(value: string): boolean {
  return /^[A-Za-z0-9_@+:,./-]+$/.test(value);
}
