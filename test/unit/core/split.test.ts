import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSplit, shareSizes, splitValues, weightsOf } from '../../../src/core/split.js';
import { makeTarget } from '../make.js';

const ranges = (text: string, weights: readonly number[]): (string | undefined)[] =>
  splitValues(parseSplit(text), weights).map((values) => values?.range);

describe('--split', () => {
  test.each<[string, number[], (string | undefined)[]]>([
    ['1-60', [1, 1], ['1-30', '31-60']],
    ['1-10', [1, 1, 1], ['1-4', '5-7', '8-10']],
    ['7-7', [1], ['7-7']],
    ['1-2', [1, 1, 1], ['1-1', '2-2', undefined]],
    ['001-100', [1, 1], ['001-050', '051-100']],
    ['0-9', [1, 4], ['0-1', '2-9']],
    ['1-10', [0, 1], [undefined, '1-10']],
    ['1-4', [0.5, 1.5], ['1-1', '2-4']],
  ])('%s by %j', (text, weights, expected) => expect(ranges(text, weights)).toEqual(expected));

  test.each([
    ['60', /is no range; write the first and last/],
    ['1-', /is no range/],
    ['a-b', /is no range/],
    ['60-1', /goes backwards; write 1-60/],
    ['01-100', /as many digits .* write 001-100/],
  ])('%s is refused', (text, reason) => expect(() => parseSplit(text)).toThrow(reason));

  const weights = fc.array(fc.integer({ min: 0, max: 64 }), { minLength: 1, maxLength: 50 });

  test('every number falls to one host, in order', () => {
    const range = fc
      .tuple(fc.nat(1000), fc.nat(1000))
      .map(([a, size]) => ({ from: a, to: a + size, width: 0 }));
    fc.assert(
      fc.property(range, weights, (split, given) => {
        fc.pre(given.some((weight) => weight > 0));
        const numbers = splitValues(split, given).flatMap((values) =>
          values === null
            ? []
            : Array.from(
                { length: Number(values.to) - Number(values.from) + 1 },
                (_, place) => Number(values.from) + place,
              ),
        );
        expect(numbers).toEqual(
          Array.from({ length: split.to - split.from + 1 }, (_, place) => split.from + place),
        );
      }),
    );
  });

  test('of equal weights sizes differ by at most one, the larger first', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 300 }), (total, hosts) => {
        const sizes = shareSizes(
          total,
          Array.from({ length: hosts }, () => 1),
        );
        expect((sizes[0] ?? 0) - (sizes.at(-1) ?? 0)).toBeLessThanOrEqual(1);
        expect([...sizes].sort((a, b) => b - a)).toEqual(sizes);
      }),
    );
  });

  test('a share is no more than one off from what its weight is worth, and nothing for none', () => {
    fc.assert(
      fc.property(fc.nat(100_000), weights, (total, given) => {
        const sum = given.reduce((all, weight) => all + weight, 0);
        fc.pre(sum > 0);
        for (const [place, size] of shareSizes(total, given).entries()) {
          const weight = given[place] ?? 0;
          expect(Math.abs(size - (total * weight) / sum)).toBeLessThan(1);
          if (weight === 0) expect(size).toBe(0);
        }
      }),
    );
  });
});

describe('--weights', () => {
  const targets = ['a', 'b'].map((host, index) =>
    makeTarget(host, { index, vars: { cores: index === 0 ? '4' : '16', odd: 'x' } }),
  );

  test('a number a host, or a variable of the inventory', () => {
    expect(weightsOf(undefined, targets)).toEqual([1, 1]);
    expect(weightsOf('1, 2.5', targets)).toEqual([1, 2.5]);
    expect(weightsOf('cores', targets)).toEqual([4, 16]);
  });

  test.each([
    ['1', /has 1 for 2 hosts/],
    ['1,x', /is "x", no number/],
    ['odd', /odd of a is "x", no number/],
    ['none', /none of a is "", no number/],
    ['0,0', /gives nobody a share/],
    ['-1,2', /is "-1", no number/],
  ])('%s is refused', (text, reason) => expect(() => weightsOf(text, targets)).toThrow(reason));
});
