import type { PsshError } from '../../core/errors.js';
import { inventoryError } from '../../core/errors.js';
import { show } from '../../core/show.js';

/** The text being read and what to call it in an error. */
export interface Source {
  readonly text: string;
  /** `--host`, `hosts.txt line 3`: begins the error line. */
  readonly where: string;
  /** The most hosts it may give; a range with more parts is not read to its end. */
  readonly limit?: number;
}

/** The `cause` of an expression's error: enough to draw a caret under the text. */
export interface ExpressionPosition {
  readonly text: string;
  /** In UTF-16 units, from 1. */
  readonly column: number;
}

const SHOWN_BEFORE = 24;
const SHOWN_AFTER = 24;
const SHOWN_WHOLE = 56;

/** The error for what stands at offset `at`: one line with the text, the column and the mend. */
export function faultAt(source: Source, at: number, problem: string): PsshError {
  const position: ExpressionPosition = { text: source.text, column: at + 1 };
  return inventoryError(
    `${source.where}: column ${position.column} of ${excerpt(source.text, at)}: ${problem}`,
    position,
  );
}

/** The text around an offset; all of it where it is short. */
function excerpt(text: string, at: number): string {
  if (text.length <= SHOWN_WHOLE) return show(text);
  const from = Math.max(0, Math.min(at - SHOWN_BEFORE, text.length - SHOWN_WHOLE));
  const to = Math.min(text.length, Math.max(at + SHOWN_AFTER, from + SHOWN_WHOLE));
  return show(`${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`);
}
