import { describe, expect, it } from 'vitest';
import { failure } from './table.js';

const SIZE = 10_000_000;
// Of the processor, which others may be at as well. It takes a second.
const BOUND_MS = 5_000;

describe('10 MB of', { timeout: 100_000 }, () => {
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
    const start = process.cpuUsage();
    const error = failure(text);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(BOUND_MS);
    expect(error).toMatchObject({ name: 'PsshError', code: 'ERR_INVENTORY' });
    expect(error?.message.length).toBeLessThan(1000);
  });

  it('a bracket of many numbers is no error of ours until it has too many', () => {
    const text = `n[${'1-9,'.repeat(SIZE / 4)}1]`;
    expect(failure(text)?.message).toContain('more than 1000000 hosts');
  });
});
