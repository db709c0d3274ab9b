import type { Output } from '../core/output.js';
import { terminalSafe } from './terminal-safe.js';

const NEWLINE = 0x0a;
// A longer line goes on in pieces: nobody reads it, and what never ends must not be held.
const LONGEST_LINE = 1024 * 1024;

/** A kept output as a view shows it: exact bytes, or made harmless for a terminal; a newline at its end. */
export function* shownOutput(output: Output, terminal: boolean): Generator<Uint8Array | string> {
  let last = NEWLINE;
  const exact = function* () {
    for (const piece of output.pieces()) {
      last = piece.at(-1) ?? last;
      yield piece;
    }
  };
  if (terminal) yield* harmless(exact());
  else yield* exact();
  if (last !== NEWLINE) yield '\n';
}

// Line by line, so that a character or a colour that a piece ends in is not cut in two.
function* harmless(pieces: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder();
  let held = '';
  for (const piece of pieces) {
    held += decoder.decode(piece, { stream: true });
    const end = held.length > LONGEST_LINE ? held.length : held.lastIndexOf('\n') + 1;
    if (end === 0) continue;
    yield terminalSafe(held.slice(0, end));
    held = held.slice(end);
  }
  held += decoder.decode();
  if (held !== '') yield terminalSafe(held);
}
