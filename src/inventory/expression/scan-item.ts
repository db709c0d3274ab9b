import { endsOperand, isBracket } from './characters.js';
import { faultAt, type Source } from './fault.js';
import { parseRange } from './parse-range.js';
import type { RangePart, Template } from './syntax.js';

/** An operand's text, split at its ranges. */
export interface ScannedItem extends Template {
  /** Where each literal begins in the text. */
  readonly starts: readonly number[];
  /** Whether a bracketed IPv6 address is in it; its brackets stand in the literals. */
  readonly address: boolean;
  readonly end: number;
}

// No machine room has as many dimensions; garbage has more.
const MOST_RANGES = 64;
// Beyond the longest host name with the longest user and port; a path may be as long.
const MOST_LETTERS = 4096;
// Of all that stands in brackets only an address has a colon before anything else than digits, letters, `.` and `%`.
const ADDRESS_START = /\[(?:\[|[^\][,\s!&^]{0,80}:)/y;
const BEFORE_ADDRESS = /^(?:ssh:\/\/)?(?:.*@)?$/is;

/** Reads from `start` to the blank, comma or operator that ends the operand. */
export function scanItem(source: Source, start: number): ScannedItem {
  const { text } = source;
  const literals: string[] = [];
  const ranges: (readonly RangePart[])[] = [];
  const starts: number[] = [start];
  let literalStart = start;
  let address = false;
  let addressOpen = -1;
  let at = start;
  for (;;) {
    while (!endsOperand(text, at) && !isBracket(text.charCodeAt(at))) at += 1;
    if (at - literalStart > MOST_LETTERS)
      throw faultAt(source, start, `a name of more than ${MOST_LETTERS} characters; separate names with ","`);
    if (endsOperand(text, at)) break;
    if (text[at] === ']') {
      if (addressOpen === -1)
        throw faultAt(source, at, 'this "]" closes no bracket; take it out or write the "[" before it');
      addressOpen = -1;
      at += 1;
    } else if (!address && ranges.length === 0 && opensAddress(text, start, at)) {
      address = true;
      addressOpen = at;
      at += 1;
    } else {
      if (ranges.length === MOST_RANGES)
        throw faultAt(source, at, `more than ${MOST_RANGES} ranges in one name; take some out`);
      const range = parseRange(source, at);
      literals.push(text.slice(literalStart, at));
      ranges.push(range.parts);
      at = range.end;
      literalStart = at;
      starts.push(at);
    }
  }
  if (addressOpen !== -1)
    throw faultAt(source, addressOpen, 'this bracket is never closed; close it with "]"');
  literals.push(text.slice(literalStart, at));
  return { literals, ranges, starts, address, end: at };
}

function opensAddress(text: string, start: number, at: number): boolean {
  ADDRESS_START.lastIndex = at;
  return ADDRESS_START.test(text) && BEFORE_ADDRESS.test(text.slice(start, at));
}
