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
  template.ranges.forEach((parts, index) => {
    const after = template.literals[index + 1] as string;
    const next: string[] = [];
    for (const text of texts) appendRange(next, text, parts, after);
    texts = next;
  });
  return texts;
}

/** Whether a template may give the same text twice. */
export function mayRepeat(template: Template): boolean {
  if (template.ranges.length === 0) return false;
  return template.ranges.length > 1 || (template.ranges[0] as readonly RangePart[]).length > 1;
}

function appendRange(into: string[], before: string, parts: readonly RangePart[], after: string): void {
  for (const { from, to, step, width } of parts) {
    // Counted, not added up to `to`: past 2^53 adding a step may stand still.
    const count = Math.floor((to - from) / step) + 1;
    for (let nth = 0; nth < count; nth += 1)
      into.push(`${before}${rangeText(from + nth * step, width)}${after}`);
  }
}
