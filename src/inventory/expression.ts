import type { TargetSpec } from '../core/target.js';
import { DEFAULT_LIMIT, type ExpressionContext } from './expression/context.js';
import { countTerms, evaluateTerms } from './expression/evaluate.js';
import type { Source } from './expression/fault.js';
import { parseExpression } from './expression/parse.js';

export type { ExpressionContext } from './expression/context.js';

export { difference as excludeTargets } from './expression/host-set.js';

const WHERE = 'host expression';

/**
 * The hosts of one expression in the order written, repeats dropped. May be empty where a set operation leaves
 * nothing.
 * @param where what to call the text in an error: `--host`, `hosts.txt line 3`
 * @throws PsshError ERR_INVENTORY, with the column in the message and an {@link ExpressionPosition} as its cause
 */
export function evaluateExpression(
  text: string,
  context: ExpressionContext = {},
  where: string = WHERE,
): TargetSpec[] {
  const limit = context.limit ?? DEFAULT_LIMIT;
  const source: Source = { text, where, limit };
  return evaluateTerms(parseExpression(source, limit), source, context);
}

/**
 * How many hosts an expression gives. A single range is counted without being expanded.
 * @throws PsshError ERR_INVENTORY
 */
export function countExpression(
  text: string,
  context: ExpressionContext = {},
  where: string = WHERE,
): number {
  const limit = context.limit ?? DEFAULT_LIMIT;
  const source: Source = { text, where, limit };
  const terms = parseExpression(source, limit);
  return countTerms(terms, context) ?? evaluateTerms(terms, source, context).length;
}

/**
 * The paths that an expression names with `^FILE`, each once, so that they can be read before it is evaluated.
 * @throws PsshError ERR_INVENTORY
 */
export function expressionFiles(text: string, where: string = WHERE): string[] {
  const paths = new Set<string>();
  for (const { operand } of parseExpression({ text, where }))
    if (operand.kind === 'file') paths.add(operand.path);
  return [...paths];
}
