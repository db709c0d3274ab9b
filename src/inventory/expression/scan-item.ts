import { endsOperand } from './characters.js';
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

// Only an address has a colon in brackets. Zones and IPv4 tails are all an address may hold beside hex digits.
const ADDRESS_START = /\[[^\][,\s!&^]{0,80}:/y;
const BEFORE_ADDRESS = /^(?:ssh:\/\/)?(?:.*@)?$/is;

/** Reads from `start` to the blank, comma or operator that ends the operand. */
export function scanItem(source: Source, start: number): ScannedItem {
  const { text } = source;
  const literals: string[] = [];
  const ranges: (readonly RangePart[])[] = [];
  const starts: number[] = [start];
  let literalStart = start;
  let addressOpen = -1;
  let address = false;
  let at = start;
  while (!endsOperand(text[at])) {
    const character = text[at];
    if (character === '[') {
      if (!address && ranges.length === 0 && opensAddress(text, start, at)) {
        address = true;
        addressOpen = at;
        at += 1;
        continue;
      }
      const range = parseRange(source, at);
      literals.push(text.slice(literalStart, at));
      ranges.push(range.parts);
      at = range.end;
      literalStart = at;
      starts.push(at);
      continue;
    }
    if (character === ']') {
      if (addressOpen === -1)
        throw faultAt(source, at, 'this "]" closes no bracket; take it out or write the "[" before it');
      addressOpen = -1;
    }
    at += 1;
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
