import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { show } from '../../../src/core/show.js';

describe('show', () => {
  it.each<[string, string]>([
    ['web1', '"web1"'],
    ['', '""'],
    ['say "hi"\\', '"say \\"hi\\"\\\\"'],
    ['a\nb\tc', '"a\\nb\\tc"'],
    ['\u001b[31mred', '"\\u001b[31mred"'],
    ['\u007f\u009b', '"\\u007f\\u009b"'],
    ['a\u202eb\u2066c\u200bd\u2028e', '"a\\u202eb\\u2066c\\u200bd\\u2028e"'],
    ['日本語 é', '"日本語 é"'],
    ['\ud800', '"\\ud800"'],
  ])('%j', (text, shown) => {
    expect(show(text)).toBe(shown);
  });

  it('cuts what is long and says so', () => {
    expect(show('x'.repeat(60))).toBe(`"${'x'.repeat(60)}"`);
    expect(show('x'.repeat(61))).toBe(`"${'x'.repeat(60)}…"`);
  });

  it('is one line without control characters, and of short texts nothing is lost', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = show(text);
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
        if (text.length <= 60) expect(JSON.parse(shown)).toBe(text);
      }),
    );
  });
});
