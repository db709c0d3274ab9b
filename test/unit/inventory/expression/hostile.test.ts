import { describe, expect, it } from 'vitest';
import { failure } from './table.js';

const SIZE = 10_000_000;
// A second on an idle machine; test machines are not idle.
const BOUND_MS = 5_000;

describe('10 MB of', () => {
  it.each([
    '[',
    ']',
    'n[1-',
    'n[1-9]',
    '[1,',
    '[:',
    '[[',
    'a:',
    ':',
    'a@',
    '@',
    '-',
    '*',
    '9',
    '!',
    '^',
    '^a',
    'a&',
    'a,',
    '@a,',
    'a*,',
    'ssh://',
    'é',
    '\u0000',
    'n[1-1000000],',
    'n[1-9]!',
    'r[1-1000]n[1-1000]^',
  ])('%j ends in our error', (piece) => {
    const text = piece.repeat(Math.ceil(SIZE / piece.length));
    const start = performance.now();
    const error = failure(text);
    expect(performance.now() - start).toBeLessThan(BOUND_MS);
    expect(error).toMatchObject({ name: 'PsshError', code: 'ERR_INVENTORY' });
    expect(error?.message.length).toBeLessThan(1000);
  });

  it('a bracket of many numbers is no error of ours until it has too many', () => {
    const text = `n[${'1-9,'.repeat(SIZE / 4)}1]`;
    expect(failure(text)?.message).toContain('more than 1000000 hosts');
  });
});
