import { endsOperand, isBlank } from './characters.js';
import { faultAt, type Source } from './fault.js';
import { parseHost } from './parse-host.js';
import { scanItem } from './scan-item.js';
import type { FileOperand, GroupOperand, Operand, Operator, Term } from './syntax.js';

const OPERATORS: Readonly<Record<string, Operator>> = {
  ',': 'union',
  '!': 'difference',
  '&': 'intersection',
  '^': 'either',
};

/** Reads a whole expression; @throws PsshError ERR_INVENTORY with the column. */
export function parseExpression(source: Source): Term[] {
  const { text } = source;
  const terms: Term[] = [];
  let at = skipBlanks(text, 0);
  if (at === text.length) throw faultAt(source, 0, 'no hosts in an empty expression; name at least one');
  let operator: Operator = 'union';
  let operatorAt = -1;
  for (;;) {
    if (isMissing(text, at)) throw missingOperand(source, at, operatorAt);
    const { operand, end } = parseOperand(source, at);
    terms.push({ operator, operand, at });
    const next = skipBlanks(text, end);
    if (next === text.length) return terms;
    const found = OPERATORS[text[next] as string];
    if (found === undefined || (next > end && opensFile(text, next))) {
      operator = 'union';
      at = next;
    } else {
      operator = found;
      operatorAt = next;
      at = skipBlanks(text, next + 1);
    }
  }
}

function parseOperand(source: Source, at: number): { operand: Operand; end: number } {
  const first = source.text[at];
  if (first === '^') return parseFile(source, at);
  if (first === '@') return parseGroup(source, at);
  const item = scanItem(source, at);
  return { operand: parseHost(source, item), end: item.end };
}

function parseFile(source: Source, at: number): { operand: FileOperand; end: number } {
  let end = at + 1;
  while (!endsOperand(source.text[end])) end += 1;
  if (end === at + 1)
    throw faultAt(source, at, 'a file name is missing after "^"; write ^FILE, or a host before "^"');
  return { operand: { kind: 'file', path: source.text.slice(at + 1, end) }, end };
}

function parseGroup(source: Source, at: number): { operand: GroupOperand; end: number } {
  const item = scanItem(source, at + 1);
  if (item.end === at + 1) throw faultAt(source, at, 'a group name is missing after "@"; write @GROUP or @*');
  return {
    operand: { kind: 'group', name: { literals: item.literals, ranges: item.ranges } },
    end: item.end,
  };
}

/** `a ^FILE` is a file; `a^b`, `a ^ b` and `a^ b` are the operator. */
function opensFile(text: string, at: number): boolean {
  return text[at] === '^' && !endsOperand(text[at + 1]);
}

function isMissing(text: string, at: number): boolean {
  const found = text[at];
  return found === undefined || found === ',' || found === '!' || found === '&';
}

function missingOperand(source: Source, at: number, operatorAt: number): Error {
  const sign = source.text[operatorAt];
  const found = source.text[at];
  if (operatorAt === -1)
    return faultAt(source, at, `a host is missing before "${found}"; write one there or take "${found}" out`);
  const place = found === undefined ? operatorAt : at;
  return faultAt(source, place, `a host is missing after "${sign}"; write one there or take "${sign}" out`);
}

function skipBlanks(text: string, at: number): number {
  let next = at;
  while (isBlank(text[next])) next += 1;
  return next;
}
