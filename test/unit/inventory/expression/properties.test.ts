import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PsshError } from '../../../../src/core/errors.js';
import { foldNames } from '../../../../src/core/fold.js';
import {
  countExpression,
  type ExpressionContext,
  evaluateExpression,
  expressionFiles,
} from '../../../../src/inventory/expression.js';
import { regroup } from '../../../../src/inventory/regroup.js';

const word = fc.stringMatching(/^[a-z._-]{1,4}$/);
const digits = fc.stringMatching(/^(?:0{0,2}[0-9]{1,3}|[0-9]{14,18})$/);
const host = fc
  .array(fc.oneof(word, digits), { minLength: 1, maxLength: 5 })
  .map((pieces) => pieces.join(''))
  .filter((name) => !name.startsWith('-'));
const address = fc.ipV6().filter((text) => !text.includes('.'));
const user = fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const label = fc.oneof(
  { weight: 6, arbitrary: host },
  { weight: 1, arbitrary: address },
  fc.tuple(user, host).map(([u, h]) => `${u}@${h}`),
  fc.tuple(host, port).map(([h, p]) => `${h}:${p}`),
  fc.tuple(user, host, port).map(([u, h, p]) => `${u}@${h}:${p}`),
  fc.tuple(address, port).map(([a, p]) => `[${a}]:${p}`),
);
/** Names of few patterns and small numbers, so that there is something to fold. */
const crowded = fc.array(
  fc
    .tuple(fc.constantFrom('n', 'm', ''), fc.nat(12), fc.constantFrom('x', '.', '-'), fc.nat(4), fc.boolean())
    .map(([a, x, b, y, pad]) => `${a}${pad ? String(x).padStart(2, '0') : x}${b}${y}`),
  { minLength: 1, maxLength: 60 },
);

const labelsOf = (text: string): string[] => evaluateExpression(text).map((spec) => spec.label);
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

describe('fold, then expand', () => {
  it('is the identity on sets of labels', () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 30 }), (names) => {
        expect(sorted(labelsOf(foldNames(names)))).toEqual(sorted(names));
      }),
      { numRuns: 1000 },
    );
  });

  it('is the identity on crowded names, in several dimensions', () => {
    fc.assert(
      fc.property(crowded, (names) => {
        const folded = foldNames(names);
        expect(sorted(labelsOf(folded))).toEqual(sorted(names));
        expect(folded.length).toBeLessThanOrEqual(sorted(names).join(',').length);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives the same text for the same names in any order', () => {
    fc.assert(
      fc.property(crowded, (names) => {
        expect(foldNames([...names].reverse())).toBe(foldNames(names));
        expect(foldNames(labelsOf(foldNames(names)))).toBe(foldNames(names));
      }),
    );
  });

  it('holds for regrouped names too', () => {
    fc.assert(
      fc.property(crowded, crowded, crowded, (names, a, b) => {
        const groups = new Map([
          ['a1', a],
          ['a2', b],
          ['some', names.slice(0, 3)],
        ]);
        const group = (name: string) =>
          groups.get(name)?.map((each) => ({ host: each, label: each, vars: {} }));
        const text = regroup(names, groups);
        expect(sorted(evaluateExpression(text, { group }).map((spec) => spec.label))).toEqual(sorted(names));
      }),
    );
  });
});

const pieces = fc.constantFrom(
  ...['n', 'web', '1', '01', '9', '-', '[', ']', '[1-3]', '[01-10/2]', ',', ' ', '!', '&', '^', '@', ':'],
  ...[
    '22',
    '::',
    '::1',
    '[::1]',
    '*',
    '?',
    'ssh://',
    '/',
    '.',
    '%',
    'u@',
    '@web',
    '^f',
    '\\',
    '"',
    '$',
    '😀',
  ],
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.array(pieces, { maxLength: 14 }).map((all) => all.join('')),
);
const context: ExpressionContext = {
  group: (name) => (name === 'web' ? [{ host: 'web1', label: 'web1', vars: {} }] : undefined),
  groupNames: () => ['web'],
  file: () => [{ host: 'f1', label: 'f1', vars: {} }],
  names: () => ['web1', 'n1', 'n2'],
  lookup: (name) => (name === 'n1' ? { host: '10.0.0.1', label: 'n1', vars: {} } : undefined),
  limit: 1000,
};

function outcome<T>(work: () => T): T | PsshError {
  try {
    return work();
  } catch (error) {
    // Anything but our own error is a bug, and fails the property.
    if (error instanceof PsshError && error.code === 'ERR_INVENTORY') return error;
    throw error;
  }
}

describe('any text', () => {
  it('gives hosts or our error, within a bound', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, bare) => {
        const start = performance.now();
        const result = outcome(() => evaluateExpression(text, bare ? { limit: 1000 } : context));
        expect(performance.now() - start).toBeLessThan(1000);
        if (result instanceof PsshError) {
          const { column } = result.cause as { column: number };
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual(text.length + 1);
          expect(result.message).not.toMatch(/[\n\r]/);
        } else {
          expect(result.length).toBeLessThanOrEqual(1000);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('is counted as it is expanded', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const hosts = outcome(() => evaluateExpression(text, context));
        const count = outcome(() => countExpression(text, context));
        if (hosts instanceof PsshError) expect(count).toMatchObject({ message: hosts.message });
        else expect(count).toBe(hosts.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('never names a host twice', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const hosts = outcome(() => evaluateExpression(text, context));
        if (hosts instanceof PsshError) return;
        const keys = hosts.map(({ host: name, user: login, port: at }) => `${login} ${name} ${at}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('tells its files, or the same fault', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const files = outcome(() => expressionFiles(text));
        if (files instanceof PsshError)
          expect(outcome(() => evaluateExpression(text, context))).toMatchObject({ message: files.message });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('set operations agree with sets', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'n1', 'n2', 'n[1-3]', 'n[2-4/2]'), {
    minLength: 1,
    maxLength: 5,
  });
  const operators = fc.array(fc.tuple(fc.constantFrom(',', '!', '&', '^', ' '), list), { maxLength: 5 });
  const expand = (items: string[]): Set<string> => new Set(items.flatMap((item) => labelsOf(item)));

  it('from left to right', () => {
    fc.assert(
      fc.property(list, operators, (first, rest) => {
        let text = first.join(',');
        let wanted = expand(first);
        for (const [operator, [item]] of rest.map(([sign, items]) => [sign, items.slice(0, 1)] as const)) {
          const right = expand([item as string]);
          text += operator + item;
          if (operator === '!') wanted = new Set([...wanted].filter((name) => !right.has(name)));
          else if (operator === '&') wanted = new Set([...wanted].filter((name) => right.has(name)));
          else if (operator === '^')
            wanted = new Set([
              ...[...wanted].filter((name) => !right.has(name)),
              ...[...right].filter((name) => !wanted.has(name)),
            ]);
          else wanted = new Set([...wanted, ...right]);
        }
        expect(labelsOf(text)).toEqual([...wanted]);
      }),
      { numRuns: 1000 },
    );
  });
});
