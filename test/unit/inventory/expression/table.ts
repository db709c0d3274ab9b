import { expect, it } from 'vitest';
import type { TargetSpec } from '../../../../src/core/target.js';
import { type ExpressionContext, evaluateExpression } from '../../../../src/inventory/expression.js';

/** Runs a table of lines `expression | expected hosts`; `(none)` for no host; a line of `#` is a comment. */
export function expandsTo(lines: string, context: ExpressionContext = {}, print = label): void {
  for (const { left, right } of rows(lines))
    it(`${left} is ${right}`, () => {
      const hosts = evaluateExpression(left, context).map(print).join(' ');
      expect(hosts === '' ? '(none)' : hosts).toBe(right);
    });
}

/** Runs a table of lines `expression | column | part of the message`. */
export function failsAt(lines: string, context: ExpressionContext = {}): void {
  for (const { left, right } of rows(lines)) {
    const [column, fragment] = right.split(/ \| /).map((part) => part.trim());
    it(`${left} fails at column ${column}: ${fragment}`, () => {
      const error = failure(left, context);
      expect(error).toMatchObject({ name: 'PsshError', code: 'ERR_INVENTORY' });
      expect(error?.message).toMatch(new RegExp(`^host expression: column ${column} of `));
      expect(error?.message).toContain(fragment);
      expect(error?.message).not.toContain('\n');
      expect(error?.cause).toEqual({ text: left, column: Number(column) });
    });
  }
}

export function failure(text: string, context: ExpressionContext = {}): Error | undefined {
  try {
    evaluateExpression(text, context);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

export function label(spec: TargetSpec): string {
  return spec.label;
}

/** `web1/deploy/2222`, `-` for what is not given. */
export function parts({ host, user, port }: TargetSpec): string {
  return [host, user ?? '-', port ?? '-'].join('/');
}

export function spec(host: string, rest: Partial<TargetSpec> = {}): TargetSpec {
  return { host, label: host, vars: {}, ...rest };
}

function rows(lines: string): { left: string; right: string }[] {
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const bar = line.indexOf(' | ');
      const left = line.slice(0, bar).trimEnd().replaceAll('\\t', '\t').replaceAll('\\n', '\n');
      return { left, right: line.slice(bar + 3).trim() };
    });
}
