import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, LONGEST_MS, parseDuration } from '../../../src/core/duration.js';

describe('parseDuration', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['90', 90_000],
    ['1.5', 1500],
    ['0.0004', 0],
    ['250ms', 250],
    ['1.5s', 1500],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    [' 10 ', 10_000],
    ['0s', 0],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text, '-t')).toBe(ms);
  });

  it.each([
    '',
    ' ',
    's',
    '-5',
    '+5',
    '1,5',
    '1e3',
    '5x',
    '5 s',
    '1m30',
    'm1',
    '1m 30s',
    '٣',
    'Infinity',
    '1S',
    '.5',
    '5.',
  ])('refuses %j and names the option', (text) => {
    expect(() => parseDuration(text, '--timeout')).toThrow(
      expect.objectContaining({
        code: 'ERR_USAGE',
        message: expect.stringMatching(/^--timeout: ".*" is no duration; /),
      }),
    );
  });

  it('is never more than a timer holds: setTimeout would fire at once', () => {
    expect(parseDuration('25d', '-t')).toBe(LONGEST_MS);
    expect(parseDuration('99999999999', '-t')).toBe(LONGEST_MS);
    expect(parseDuration('9'.repeat(400), '-t')).toBe(LONGEST_MS);
    expect(parseDuration(`${'9'.repeat(400)}d`, '-t')).toBe(LONGEST_MS);
  });

  it('adds its parts up', () => {
    const part = fc.nat(500);
    fc.assert(
      fc.property(part, part, part, (h, m, ms) => {
        expect(parseDuration(`${h}h${m}m${ms}ms`, '-t')).toBe(h * 3_600_000 + m * 60_000 + ms);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each<[number, string]>([
    [0, '0ms'],
    [999, '999ms'],
    [1000, '1.0s'],
    [1249, '1.2s'],
    [59_949, '59.9s'],
    [59_950, '1m00s'],
    [60_000, '1m00s'],
    [185_000, '3m05s'],
    [3_599_499, '59m59s'],
    [3_599_500, '1h00m'],
    [7_800_000, '2h10m'],
    [90_000_000, '25h00m'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('never writes 60 of anything', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (ms) => {
        expect(formatDuration(ms)).not.toMatch(/(^|\D)(60|60\.0)[ms]/);
      }),
    );
  });
});
