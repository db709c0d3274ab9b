import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesOf, isTooMany, NO_ROLLING, parseSerial, resolveRolling } from '../../../src/core/rolling.js';

const numbers = (count: number) => Array.from({ length: count }, (_, place) => place);
const sizes = (count: number, serial: string): number[] =>
  batchesOf(numbers(count), parseSerial(serial)).map((batch) => batch.length);

describe('--serial', () => {
  test.each<[number, string, number[]]>([
    [8, '1,25%,100%', [1, 2, 5]],
    [10, '3', [3, 3, 3, 1]],
    [10, '30%', [3, 3, 3, 1]],
    [3, '10%', [1, 1, 1]],
    [10, '1,5', [1, 5, 4]],
    [2, '5', [2]],
    [100, '1,10%,100%', [1, 10, 89]],
  ])('%i hosts by %s', (count, serial, expected) => expect(sizes(count, serial)).toEqual(expected));

  test('batches are the list, in order, whatever their sizes', () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 20 }).map(String),
      fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%`),
    );
    const list = fc.array(size, { minLength: 1, maxLength: 5 }).map((words) => words.join(','));
    fc.assert(
      fc.property(fc.nat(200), list, (count, serial) => {
        const batches = batchesOf(numbers(count), parseSerial(serial));
        expect(batches.flat()).toEqual(numbers(count));
        expect(batches.every((batch) => batch.length > 0)).toBe(true);
      }),
    );
  });

  test('without it all are one batch', () => expect(batchesOf([1, 2], null)).toEqual([[1, 2]]));

  test.each([
    ['0', /a batch of "0" is none/],
    ['1,,2', /"" is no number of hosts/],
    ['101%', /is more than all/],
    ['half', /is no number of hosts; write a number or a part/],
  ])('%s is refused', (text, reason) => expect(() => parseSerial(text)).toThrow(reason));
});

describe('how many failures are too many', () => {
  const most = (words: object, failed: number, total = 10): boolean =>
    isTooMany(failed, total, resolveRolling({ batchPauseMs: 0, ...words }));

  test.each<[object, number | null]>([
    [{}, null],
    [{ serial: '1' }, 1],
    [{ failFast: true }, 1],
    [{ maxFail: '2' }, 3],
    [{ maxFail: '0' }, 1],
    [{ maxFail: '20%' }, 3],
    [{ maxFail: '25%' }, 3],
    [{ serial: '1', maxFail: '100%' }, null],
    [{ serial: '1', keepGoing: true }, null],
    [{ failFast: true, maxFail: '1' }, 2],
  ])('%j: the first that is too many is %j', (words, first) => {
    const failed = numbers(11).find((count) => most(words, count));
    expect(failed ?? null).toBe(first);
  });

  test('what contradicts itself is refused', () => {
    expect(() => resolveRolling({ keepGoing: true, failFast: true, batchPauseMs: 0 })).toThrow(
      /--keep-going and --fail-fast contradict/,
    );
    expect(() => resolveRolling({ keepGoing: true, maxFail: '1', batchPauseMs: 0 })).toThrow(
      /--keep-going and --max-fail contradict/,
    );
  });

  test('nothing said is nothing limited', () => {
    expect(resolveRolling({ batchPauseMs: 0 })).toEqual(NO_ROLLING);
  });
});
