import type { TargetSpec } from '../../core/target.js';
import { DEFAULT_LIMIT, type ExpressionContext } from './context.js';
import { mayRepeat, templateSize } from './expand.js';
import type { Source } from './fault.js';
import { difference, either, HostSet, intersection } from './host-set.js';
import { KnownNames } from './names.js';
import { resolveOperand } from './resolve.js';
import type { Operand, Term } from './syntax.js';
import { tooMany } from './work.js';

const OPERATIONS = { difference, intersection, either };

/** Works the terms off from left to right; there is no precedence, as in ClusterShell. */
export function evaluateTerms(
  terms: readonly Term[],
  source: Source,
  context: ExpressionContext,
): TargetSpec[] {
  const limit = context.limit ?? DEFAULT_LIMIT;
  const known = new KnownNames(context);
  let result: TargetSpec[] = [];
  // Made for a second operand only: a single range has no use for a million keys.
  let union: HostSet | null = null;
  for (const [index, term] of terms.entries()) {
    const specs = resolveOperand(term, source, context, known);
    if (term.operator !== 'union') {
      result = OPERATIONS[term.operator](union?.values() ?? result, new HostSet(specs).values());
      union = null;
      if (result.length > limit) throw tooMany(source, term.at, limit);
    } else if (index === 0 && neverRepeats(term.operand, known)) {
      result = [...specs];
    } else {
      union ??= new HostSet(result);
      for (const spec of specs) {
        union.add(spec);
        if (union.size > limit) throw tooMany(source, term.at, limit);
      }
    }
  }
  return union?.values() ?? result;
}

/** How many hosts the terms give, where that is known without expanding them; else null. */
export function countTerms(terms: readonly Term[], context: ExpressionContext): number | null {
  const [only] = terms;
  if (terms.length !== 1 || only === undefined) return null;
  const { operand } = only;
  if (operand.kind !== 'host' || !neverRepeats(operand, new KnownNames(context))) return null;
  if (operand.host.literals.some((literal) => literal.includes('/'))) return null;
  return templateSize(operand.host);
}

// An inventory may know one machine by two names.
function neverRepeats(operand: Operand, known: KnownNames): boolean {
  if (operand.kind !== 'host' || mayRepeat(operand.host)) return false;
  return !known.mayLookUp(operand.host, templateSize(operand.host));
}
