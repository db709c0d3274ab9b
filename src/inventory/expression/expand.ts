import { rangeSize, rangeText } from './parse-range.js';
import type { RangePart, Template } from './syntax.js';

/** How many texts a template gives, repeats counted, without making one. */
export function templateSize(template: Template): number {
  let size = 1;
  for (const parts of template.ranges) size *= rangeSize(parts);
  return size;
}

/** Every text of a template, the last range running fastest; repeats where ranges overlap. */
export function expandTemplate(template: Template): string[] {
  let texts = [template.literals[0] as string];
  for (const [index, parts] of template.ranges.entries()) {
    const after = template.literals[index + 1] as string;
    const next: string[] = [];
    for (const text of texts) appendRange(next, text, parts, after);
    texts = next;
  }
  return texts;
}

/** Whether a template may give the same text twice; false where it can't, however large. */
export function mayRepeat({ ranges, literals }: Template): boolean {
  // Two numbers that touch (`[1-11][1-11]`, `[1-11]0[1-11]`) can be told apart by nothing: 1,11 and 11,1.
  const touching = literals.slice(1, -1).some((literal) => /^\d*$/.test(literal));
  return touching || ranges.some(overlaps);
}

function overlaps(parts: readonly RangePart[]): boolean {
  return parts.some((part, index) => index > 0 && part.from <= (parts[index - 1] as RangePart).to);
}

function appendRange(into: string[], before: string, parts: readonly RangePart[], after: string): void {
  for (const { from, to, step, width } of parts) {
    // Counted, not added up to `to`: past 2^53 adding a step may stand still.
    const count = Math.floor((to - from) / step) + 1;
    for (let nth = 0; nth < count; nth += 1) {
      const value = from + nth * step;
      into.push(width === 0 ? before + value + after : before + rangeText(value, width) + after);
    }
  }
}
