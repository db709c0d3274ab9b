import type { TargetSpec } from '../../core/target.js';
import type { ExpressionContext } from './context.js';
import { DEFAULT_LIMIT } from './context.js';
import { mayRepeat, templateSize } from './expand.js';
import { faultAt, type Source } from './fault.js';
import { difference, either, HostSet, intersection } from './host-set.js';
import { resolveOperand } from './resolve.js';
import type { Operand, Term } from './syntax.js';

/** Works the terms off from left to right; there is no precedence, as in ClusterShell. */
export function evaluateTerms(
  terms: readonly Term[],
  source: Source,
  context: ExpressionContext,
): TargetSpec[] {
  const limit = context.limit ?? DEFAULT_LIMIT;
  checkWork(terms, source, limit);
  let result: readonly TargetSpec[] = [];
  // Made for a second operand only: a single range has no use for a million keys.
  let union: HostSet | null = null;
  terms.forEach((term, index) => {
    const specs = resolveOperand(term, source, context);
    if (term.operator === 'union') {
      if (index === 0 && neverRepeats(term.operand, context)) {
        result = specs;
        return;
      }
      union ??= setOf(result);
      for (const spec of specs) {
        union.add(spec);
        if (union.size > limit) throw tooMany(source, term.at, limit);
      }
      return;
    }
    const left = union?.values() ?? result;
    union = null;
    result = OPERATIONS[term.operator](left, setOf(specs).values());
    if (result.length > limit) throw tooMany(source, term.at, limit);
  });
  return (union as HostSet | null)?.values() ?? [...result];
}

const OPERATIONS = { difference, intersection, either };

/** Refuses by multiplication, before anything is expanded. */
function checkWork(terms: readonly Term[], source: Source, limit: number): void {
  // Repeats cost work without adding hosts; twice the limit of them is no honest expression.
  const most = Math.max(2 * limit, source.text.length);
  let work = 0;
  for (const { operand, at } of terms) {
    if (operand.kind === 'file') continue;
    const size = templateSize(operand.kind === 'group' ? operand.name : operand.host);
    work += size;
    if (size > limit || work > most) throw tooMany(source, at, limit);
  }
}

// An inventory may know one machine by two names.
function neverRepeats(operand: Operand, context: ExpressionContext): boolean {
  return context.lookup === undefined && operand.kind === 'host' && !mayRepeat(operand.host);
}

function setOf(specs: readonly TargetSpec[]): HostSet {
  const set = new HostSet();
  for (const spec of specs) set.add(spec);
  return set;
}

function tooMany(source: Source, at: number, limit: number): Error {
  return faultAt(source, at, `more than ${limit} hosts; check the range, or raise the limit`);
}
