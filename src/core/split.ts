import { usageError } from './errors.js';
import { show } from './show.js';
import { type Target, targetName } from './target.js';
import type { TemplateValues } from './template.js';

/** `--split A-B`: whole numbers, to be shared out. */
export interface Split {
  readonly from: number;
  readonly to: number;
  /** Digits of each number, zeros before it; 0: as many as it has. */
  readonly width: number;
}

/** @throws PsshError ERR_USAGE */
export function parseSplit(text: string): Split {
  const [, first = '', last = ''] = /^(\d{1,12})-(\d{1,12})$/.exec(text) ?? [];
  if (first === '')
    throw usageError(`--split: ${show(text)} is no range; write the first and last, as in 1-60`);
  const [from, to] = [Number(first), Number(last)];
  if (from > to) throw usageError(`--split: ${show(text)} goes backwards; write ${last}-${first}`);
  const padded = [first, last].some((number) => number.length > 1 && number.startsWith('0'));
  if (padded && first.length !== last.length)
    throw usageError(
      `--split: ${show(text)}: both numbers need as many digits where one begins with 0; write ${first.padStart(last.length, '0')}-${last.padStart(first.length, '0')}`,
    );
  return { from, to, width: padded ? first.length : 0 };
}

/**
 * How many of `total` items each gets: in proportion to its weight, no more than one item off. What is left over by
 * rounding goes to those who lost most by it, of equals to the first: of equal weights sizes differ by at most one.
 */
export function shareSizes(total: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const sizes = exact.map(Math.floor);
  const lost = exact.map((share, place) => share - (sizes[place] ?? 0));
  const byLoss = [...weights.keys()]
    .filter((place) => (weights[place] ?? 0) > 0)
    .sort((a, b) => (lost[b] ?? 0) - (lost[a] ?? 0) || a - b);
  const left = total - sizes.reduce((all, size) => all + size, 0);
  for (const place of byLoss.slice(0, left)) sizes[place] = (sizes[place] ?? 0) + 1;
  return sizes;
}

/** What {from}, {to} and {range} are for each; null: no number is left for it. */
export function splitValues(
  { from, to, width }: Split,
  weights: readonly number[],
): readonly (TemplateValues | null)[] {
  const written = (number: number): string => String(number).padStart(width, '0');
  let next = from;
  return shareSizes(to - from + 1, weights).map((size) => {
    if (size === 0) return null;
    const share = { from: written(next), to: written(next + size - 1) };
    next += size;
    return { ...share, range: `${share.from}-${share.to}` };
  });
}

/**
 * How much each host is given: `--weights 1,1,4`, or the name of an inventory variable that says it.
 * @throws PsshError ERR_USAGE
 */
export function weightsOf(text: string | undefined, targets: readonly Target[]): readonly number[] {
  if (text === undefined) return targets.map(() => 1);
  const weights = /^[A-Za-z_]/.test(text)
    ? targets.map((target) => weight(target.vars[text] ?? '', `--weights: ${text} of ${targetName(target)}`))
    : text.split(',').map((word) => weight(word, '--weights'));
  if (weights.length !== targets.length)
    throw usageError(
      `--weights: ${show(text)} has ${weights.length} for ${targets.length} host${targets.length === 1 ? '' : 's'}; give one a host, or the name of an inventory variable`,
    );
  if (weights.some((number) => number > 0)) return weights;
  throw usageError(`--weights: ${show(text)} gives nobody a share; one at least has to be more than 0`);
}

function weight(text: string, what: string): number {
  if (/^\s*\d{1,6}(\.\d{1,6})?\s*$/.test(text)) return Number(text);
  throw usageError(`${what} is ${show(text)}, no number below a million; write one, as in 4 or 0.5`);
}
