import type { PsshError } from '../../core/errors.js';
import { show } from '../../core/show.js';
import { skipBlanks } from './characters.js';
import { faultAt, type Source } from './fault.js';
import type { RangePart } from './syntax.js';
import { tooMany } from './work.js';

const PART = /[ \t\r\n]*(\d+)(?:[ \t\r\n]*-[ \t\r\n]*(\d+)(?:[ \t\r\n]*\/[ \t\r\n]*(\d+))?)?[ \t\r\n]*/y;

/** What stands in a bracket, from just after `[` to just after `]`. */
export interface ParsedRange {
  readonly parts: readonly RangePart[];
  readonly end: number;
}

/** Reads `1-30,35,01-10/2]`; `open` is the offset of the `[`. */
export function parseRange(source: Source, open: number): ParsedRange {
  const { text } = source;
  const parts: RangePart[] = [];
  let at = open + 1;
  for (;;) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (match === null) throw partFault(source, open, at);
    const start = at + match[0].search(/\d/);
    parts.push(rangePart(source, start, match[1] as string, match[2], match[3]));
    // Each part gives a host: what is too long is refused before it fills the memory.
    if (parts.length > (source.limit ?? Infinity)) throw tooMany(source, open, source.limit ?? 0);
    at += match[0].length;
    const next = text[at];
    if (next === ']') return { parts, end: at + 1 };
    if (next !== ',') throw partFault(source, open, at);
    at += 1;
  }
}

/** How many numbers the parts give, repeats counted; may be Infinity, never wrong below 2^53. */
export function rangeSize(parts: readonly RangePart[]): number {
  let size = 0;
  for (const part of parts) size += Math.floor((part.to - part.from) / part.step) + 1;
  return size;
}

/** The number as the range writes it. */
export function rangeText(value: number, width: number): string {
  return width === 0 ? String(value) : String(value).padStart(width, '0');
}

function rangePart(
  source: Source,
  at: number,
  first: string,
  last: string | undefined,
  step: string | undefined,
): RangePart {
  const from = rangeNumber(source, at, first);
  const to = last === undefined ? from : rangeNumber(source, at, last);
  const by = step === undefined ? 1 : rangeNumber(source, at, step);
  const padded = isPadded(first) || (last !== undefined && isPadded(last));
  if (padded && last !== undefined && first.length !== last.length) {
    const width = Math.max(first.length, last.length);
    const even = `[${first.padStart(width, '0')}-${last.padStart(width, '0')}]`;
    throw faultAt(
      source,
      at,
      `${brief(first)} and ${brief(last)} are padded to different lengths; write ${even} or [${from}-${to}]`,
    );
  }
  if (from > to) throw faultAt(source, at, `the range ${from}-${to} runs backwards; write [${to}-${from}]`);
  if (by === 0) throw faultAt(source, at, 'a step of 0 never ends; write a step of 1 or more');
  return { from, to, step: by, width: padded ? first.length : 0 };
}

function rangeNumber(source: Source, at: number, digits: string): number {
  const value = Number(digits);
  if (Number.isSafeInteger(value) && digits.length <= 64) return value;
  throw faultAt(source, at, `the number ${brief(digits)} is too large for a range; the most is 2^53 - 1`);
}

function isPadded(digits: string): boolean {
  return digits.length > 1 && digits.startsWith('0');
}

function brief(digits: string): string {
  return digits.length > 24 ? `${digits.slice(0, 20)}…` : digits;
}

/** Says what is wrong at `at`, where a number, or after one `,` or `]`, was expected. */
function partFault(source: Source, open: number, at: number): PsshError {
  const { text } = source;
  let stop = skipBlanks(text, at);
  if (stop > open + 1 && (text[stop] === '-' || text[stop] === '/')) {
    const next = skipBlanks(text, stop + 1);
    // What stands where the second number should be is the fault, not the sign before it.
    if (next < text.length && !/[\d,\]]/.test(text[next] as string)) stop = next;
  }
  const found = text.codePointAt(stop);
  // An open bracket swallows the rest of the text: the mend is where it begins.
  if (found === undefined) return faultAt(source, open, 'this bracket is never closed; close it with "]"');
  const follows = text[skipBlanks(text, stop + 1)];
  const ends = follows === ',' || follows === ']';
  return faultAt(source, stop, partProblem(String.fromCodePoint(found), ends, open));
}

/** @param ends whether nothing of the range follows */
function partProblem(found: string, ends: boolean, open: number): string {
  switch (found) {
    case '[':
      return `a bracket inside the one of column ${open + 1}; ranges do not nest, close the first with "]"`;
    case ']':
    case ',':
      return 'an empty range; write numbers with one comma between, as in [1-30,35]';
    case ':':
      return 'a range is written [1-30]; [1:30] is the form of Ansible inventories';
    case '.':
      return 'a range is written [1-30]; 1..30 is the form of shells';
    case '-':
      return ends
        ? 'the range has no end; write its last number after "-"'
        : 'a range is two numbers without a sign, as in [1-30]; take this "-" out';
    case '/':
      return ends
        ? 'the step is missing; write it after "/", as in [1-9/2]'
        : 'a step stands after a range, once, as in [1-9/2]; take this "/" out';
  }
  if (/\d/.test(found)) return 'two numbers with nothing between them; put "," or "-" there';
  return `${show(found)} is no number; a range counts in numbers, as in [1-30,35]`;
}
