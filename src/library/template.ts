import { usageError } from '../core/errors.js';
import { quoteForShell } from '../core/quote.js';

/** What may stand in a command's template; of a list each becomes a word. */
export type TemplateValue = string | number | readonly (string | number)[];

/**
 * The command of a tagged template: its values quoted for any login shell, its text as it stands.
 * @throws PsshError ERR_USAGE for a value that can't be quoted
 */
export function commandOf(strings: TemplateStringsArray, values: readonly TemplateValue[]): string {
  return strings.reduce((command, text, place) => `${command}${quoted(values[place - 1])}${text}`);
}

function quoted(value: TemplateValue | undefined): string {
  if (typeof value === 'string') return value === '' ? "''" : quoteForShell(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(quoted).join(' ');
  throw usageError(
    `a value of the command is ${value === null ? 'null' : typeof value}; give text or a number`,
  );
}
