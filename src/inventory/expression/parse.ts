import type { PsshError } from '../../core/errors.js';
import { endsOperand, skipBlanks } from './characters.js';
import { faultAt, type Source } from './fault.js';
import { parseHost } from './parse-host.js';
import { scanItem } from './scan-item.js';
import type { FileOperand, GroupOperand, Operand, Operator, Term } from './syntax.js';
import { WorkLimit } from './work.js';

const OPERATORS: Readonly<Record<string, Operator>> = {
  ',': 'union',
  '!': 'difference',
  '&': 'intersection',
  '^': 'either',
};

/** Where the parser stands. */
interface Cursor {
  readonly source: Source;
  at: number;
}

// Bounds what garbage can make of 10 MB. Names that follow each other are one term, however many.
const MOST_TERMS = 200_000;

/**
 * Reads a whole expression.
 * @param limit the most hosts its ranges may give
 * @throws PsshError ERR_INVENTORY with the column
 */
export function parseExpression(source: Source, limit: number = Infinity): Term[] {
  const { text } = source;
  const terms: Term[] = [];
  const cursor: Cursor = { source, at: skipBlanks(text, 0) };
  if (cursor.at === text.length)
    throw faultAt(source, 0, 'no hosts in an empty expression; name at least one');
  const work = new WorkLimit(source, limit);
  let operator: Operator = 'union';
  let operatorAt = -1;
  for (;;) {
    const start = cursor.at;
    if (isMissing(text, start)) throw missingOperand(source, start, operatorAt);
    const operand = parseOperand(cursor);
    if (typeof operand === 'string') addItem(terms, operator, operand, start);
    else {
      work.add(operand, start);
      terms.push({ operator, operand, at: start });
    }
    if (terms.length > MOST_TERMS)
      throw faultAt(source, start, `more than ${MOST_TERMS} ranges and operators; put the hosts into a file`);
    const end = cursor.at;
    cursor.at = skipBlanks(text, end);
    if (cursor.at === text.length) return terms;
    const found = OPERATORS[text[cursor.at] as string];
    if (found === undefined || (cursor.at > end && opensFile(text, cursor.at))) {
      operator = 'union';
    } else {
      operator = found;
      operatorAt = cursor.at;
      cursor.at = skipBlanks(text, cursor.at + 1);
    }
  }
}

/** A list of simple items, which may be a million long, is one term. */
function addItem(terms: Term[], operator: Operator, item: string, at: number): void {
  const last = terms.at(-1);
  if (operator === 'union' && last?.operator === 'union' && last.operand.kind === 'items')
    last.operand.items.push(item);
  else terms.push({ operator, operand: { kind: 'items', items: [item] }, at });
}

// A name with a user or port at most, and nothing in it to check further.
const SIMPLE = /(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,255}@)?[A-Za-z0-9_][A-Za-z0-9._-]{0,1000}(?::[1-9]\d{0,3})?/y;

function parseOperand(cursor: Cursor): Operand | string {
  const { source, at } = cursor;
  const { text } = source;
  SIMPLE.lastIndex = at;
  if (SIMPLE.test(text) && endsOperand(text, SIMPLE.lastIndex)) {
    cursor.at = SIMPLE.lastIndex;
    return text.slice(at, cursor.at);
  }
  if (text[at] === '^') return parseFile(cursor);
  if (text[at] === '@') return parseGroup(cursor);
  const item = scanItem(source, at);
  cursor.at = item.end;
  return parseHost(source, item);
}

function parseFile(cursor: Cursor): FileOperand {
  const { source, at } = cursor;
  let end = at + 1;
  while (!endsOperand(source.text, end)) end += 1;
  if (end === at + 1)
    throw faultAt(source, at, 'a file name is missing after "^"; write ^FILE, or a host before "^"');
  cursor.at = end;
  return { kind: 'file', path: source.text.slice(at + 1, end) };
}

function parseGroup(cursor: Cursor): GroupOperand {
  const { source, at } = cursor;
  const { literals, ranges, end } = scanItem(source, at + 1);
  if (end === at + 1) throw faultAt(source, at, 'a group name is missing after "@"; write @GROUP or @*');
  cursor.at = end;
  return { kind: 'group', name: { literals, ranges } };
}

/** `a ^FILE` is a file; `a^b`, `a ^ b` and `a^ b` are the operator. */
function opensFile(text: string, at: number): boolean {
  return text[at] === '^' && !endsOperand(text, at + 1);
}

function isMissing(text: string, at: number): boolean {
  const found = text[at];
  return found === undefined || found === ',' || found === '!' || found === '&';
}

function missingOperand(source: Source, at: number, operatorAt: number): PsshError {
  const sign = source.text[operatorAt];
  const found = source.text[at];
  if (operatorAt === -1)
    return faultAt(source, at, `a host is missing before "${found}"; write one there or take "${found}" out`);
  const place = found === undefined ? operatorAt : at;
  return faultAt(source, place, `a host is missing after "${sign}"; write one there or take "${sign}" out`);
}
