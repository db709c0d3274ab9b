import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonLiteral } from '../../../src/inventory/python-literal.js';
import { showVar } from '../../../src/inventory/var-value.js';
import { yamlScalar } from '../../../src/inventory/yaml-scalar.js';

// As Python 3.11's ast.literal_eval gives it, shown as Jinja shows it; undefined: it raises.
describe('pythonLiteral', () => {
  it.each<[string, string | undefined]>([
    ['42', '42'],
    ['42 # note', '42'],
    ['-1', '-1'],
    ['- 1', '-1'],
    ['+1', '1'],
    ['--1', undefined],
    ['-True', undefined],
    ['1_000', '1000'],
    ['1__0', undefined],
    ['00', '0'],
    ['01', undefined],
    ['0x1F', '31'],
    ['0b2', undefined],
    ['.5', '0.5'],
    ['5.', '5.0'],
    ['1e3', '1000.0'],
    ['1.e5', '100000.0'],
    ['1e16', '1e+16'],
    ['1e-5', '1e-05'],
    ['1e400', 'inf'],
    ['1.10', '1.1'],
    ['-0.0', '-0.0'],
    ['08.5', '8.5'],
    ['1-2', undefined],
    ['2024-01-01', undefined],
    ['1.2.3', undefined],
    ['True', 'True'],
    ['true', undefined],
    ['Truer', undefined],
    ['None', ''],
    ["'a' 'b'", 'ab'],
    ["'a'#b", 'a'],
    ['"a\'b"', "a'b"],
    ["'it''s'", 'its'],
    ["'a", undefined],
    ["u'x'", 'x'],
    ["r'a\\tb'", 'a\\tb'],
    ["'a\\tb\\x41\\u00e9\\101\\q'", 'a\tbAéA\\q'],
    ["'\\N{DASH}'", undefined],
    ["'\\xg'", undefined],
    ["'''a'b'''", "a'b"],
    ["f'x'", undefined],
    ["b'x' b'y'", 'xy'],
    ["b'x' 'y'", undefined],
    ['1,2', '[1,2]'],
    ['1,', '[1]'],
    [',', undefined],
    ['a,b', undefined],
    ['()', '[]'],
    ['(1)', '1'],
    ['(1,)', '[1]'],
    ['[1]', '[1]'],
    ['[1,]', '[1]'],
    ['[1 2]', undefined],
    ['[,]', undefined],
    ["{'a': 1, 2: [None]}", '{"a":1,"2":[null]}'],
    ["{'a':1 'b':2}", undefined],
    ['{[1]: 2}', undefined],
    ['', undefined],
    ['# x', undefined],
    ['x y', undefined],
    ['[[[', undefined],
    ['1\u0000', undefined],
  ])('%j', (text, expected) => {
    const value = pythonLiteral(text);
    expect(value === undefined ? undefined : showVar(value)).toBe(expected);
  });

  it('takes any text, soon', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => void pythonLiteral(text)));
    const pieces = fc.constantFrom(
      '[',
      ']',
      '(',
      '{',
      "'",
      '"',
      '\\',
      ',',
      ':',
      '1',
      '_',
      '.',
      'e',
      '-',
      ' ',
      '#',
      'x',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => void pythonLiteral(parts.join(''))),
    );
    expect(pythonLiteral('['.repeat(100_000))).toBeUndefined();
    expect(pythonLiteral('9'.repeat(100_000))).toBeUndefined();
    expect(pythonLiteral(`${'1_'.repeat(50_000)}x`)).toBeUndefined();
  });
});

// As PyYAML 6 resolves a plain scalar.
describe('yamlScalar', () => {
  it.each<[string, string | boolean | null | bigint | number]>([
    ['', null],
    ['~', null],
    ['NULL', null],
    ['nULL', 'nULL'],
    ['yes', true],
    ['Off', false],
    ['y', 'y'],
    ['42', 42n],
    ['+1_0', 10n],
    ['017', 15n],
    ['-0x1f', -31n],
    ['0b11', 3n],
    ['0o17', '0o17'],
    ['09', '09'],
    ['0', 0n],
    ['1:30', 90n],
    ['-1:30:00', -5400n],
    ['1:30.5', 90.5],
    ['1:75', '1:75'],
    ['1.5', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['1e3', '1e3'],
    ['1.0e+3', 1000],
    ['1.0e3', '1.0e3'],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['.NaN', Number.NaN],
    ['2024-01-01', '2024-01-01'],
    ['1.2.3', '1.2.3'],
    ['0x', '0x'],
    ['0_', 0n],
    ['_', '_'],
  ])('%s', (text, expected) => {
    expect(yamlScalar(text)).toEqual(expected);
  });
});
