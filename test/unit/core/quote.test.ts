import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteForShell } from '../../../src/core/quote.js';

// How real shells read these is the business of test/integration/shells.test.ts.
describe('quoteForShell', () => {
  it.each<[string, string]>([
    ['plain', 'plain'],
    ['/usr/bin/env', '/usr/bin/env'],
    ['a@b:1,2+3-4_5.6', 'a@b:1,2+3-4_5.6'],
    ['-n', '-n'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's", "'it'\\''s'"],
    ['a\\b', "'a'\\\\'b'"],
    ['wow!', "'wow'\\!''"],
    ['$(x) `y` "z"', `'$(x) \`y\` "z"'`],
    ['é', "'é'"],
  ])('%j becomes %s', (value, quoted) => {
    expect(quoteForShell(value)).toBe(quoted);
  });

  it.each(['%self', '=ls', '~', '~root', '*', '{a,b}', '#', '^a^b'])(
    'quotes %j, which some shell expands',
    (value) => {
      expect(quoteForShell(value)).toBe(`'${value}'`);
    },
  );

  it.each(['a\nb', 'a\rb', 'a\0b'])('refuses %j and names what it is', (value) => {
    expect(() => quoteForShell(value, 'the value of X')).toThrow(
      expect.objectContaining({
        code: 'ERR_USAGE',
        message: expect.stringMatching(/^the value of X ".*" holds a newline or NUL/),
      }),
    );
  });

  it('leaves no quote, backslash or ! inside of single quotes, and nothing special outside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const value = raw.replace(/[\0\n\r]/g, '');
        const quoted = quoteForShell(value);
        if (quoted === value) {
          expect(value).toMatch(/^[\w@+:,./-]+$/);
          return;
        }
        expect(quoted).toMatch(/^(?:'[^'\\!]*'|\\['\\!])+$/su);
        const read = quoted.replace(
          /'([^']*)'|\\(.)/gsu,
          (_, inside?: string, escaped?: string) => inside ?? escaped ?? '',
        );
        expect(read).toBe(value);
      }),
    );
  });
});
