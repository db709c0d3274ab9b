import { describe, expect, it } from 'vitest';
import { foldNames, foldParts } from '../../../../src/core/fold.js';
import { evaluateExpression } from '../../../../src/inventory/expression.js';

const fold = (names: string): string => foldNames(names.split(' ').filter((name) => name !== ''));

describe('foldNames', () => {
  it.each([
    ['', ''],
    ['a', 'a'],
    ['b a', 'a,b'],
    ['n1', 'n1'],
    ['n1 n2 n3 n7', 'n[1-3,7]'],
    ['n7 n3 n1 n2 n3', 'n[1-3,7]'],
    ['n1 n3', 'n[1,3]'],
    ['n01 n02 n10', 'n[01-02,10]'],
    ['n8 n9 n10 n11', 'n[8-11]'],
    ['n08 n09 n10 n11', 'n[08-11]'],
    ['n9 n01 n10', 'n[9,01,10]'],
    ['n98 n99 n100', 'n[98-100]'],
    ['n098 n099 n100', 'n[098-100]'],
    ['n099 n100 n99 n101 n0101', 'n[99,099-101,0101]'],
    ['n0 n00 n000', 'n[0,00,000]'],
    ['1 2 3', '[1-3]'],
    ['web1.eu web2.eu web1.us', 'web[1-2].eu,web1.us'],
    ['10.0.0.1 10.0.0.2 10.0.1.1', '10.0.0.[1-2],10.0.1.1'],
    ['r1n1 r1n2 r2n1 r2n2', 'r[1-2]n[1-2]'],
    ['n1m1 n2m1 n2m2', 'n[1-2]m1,n2m2'],
    ['n9m1 n10m2', 'n10m2,n9m1'],
    ['a-1 a-2', 'a-[1-2]'],
    ['n999999999999999 n999999999999998', 'n[999999999999998-999999999999999]'],
    ['n9999999999999999 n9999999999999998', 'n9999999999999998,n9999999999999999'],
  ])('%j is %j', (names, expected) => {
    expect(fold(names)).toBe(expected);
  });
});

describe('foldNames of labels', () => {
  it.each([
    ['u@n1 u@n2', 'u@n[1-2]'],
    ['u1@n1 u2@n1', 'u1@n1,u2@n1'],
    ['n1:22 n2:22 n1:23', 'n[1-2]:22,n1:23'],
    ['u@n1:22 u@n2:22 u@n3', 'u@n3,u@n[1-2]:22'],
    ['ssh://u1@n1:22 ssh://u1@n2:22', 'ssh://u1@n[1-2]:22'],
    ['ssh://n1 ssh://n2', 'ssh://n[1-2]'],
    ['fe80::1 fe80::2', 'fe80::[1-2]'],
    ['[fe80::1]:22 [fe80::2]:22', '[fe80::[1-2]]:22'],
    ['[1::1]:22 [2::1]:22', '[[1-2]::1]:22'],
    ['[::1] [::2]', '[::[1-2]]'],
    ['@rack1 @rack2', '@rack[1-2]'],
  ])('%j is %j', (names, expected) => {
    expect(fold(names)).toBe(expected);
    expect(
      evaluateExpression(expected, { group: (name) => [{ host: name, label: `@${name}`, vars: {} }] })
        .map(({ label }) => label)
        .sort(),
    ).toEqual(names.split(' ').sort());
  });
});

it('foldParts gives the parts for another separator', () => {
  expect(foldParts(['n1', 'm1', 'n2'])).toEqual(['m1', 'n[1-2]']);
});

describe('many names', () => {
  it('folds all of two dimensions into one block', () => {
    const names: string[] = [];
    for (let rack = 120; rack >= 1; rack -= 1)
      for (let node = 1; node <= 100; node += 1) names.push(`r${rack}n${node}`);
    expect(foldNames(names)).toBe('r[1-120]n[1-100]');
  });

  it('folds three dimensions with a hole', () => {
    const names: string[] = [];
    for (let a = 1; a <= 15; a += 1)
      for (let b = 1; b <= 15; b += 1)
        for (let c = 1; c <= 15; c += 1) if (a !== 3 || b !== 3 || c !== 3) names.push(`a${a}b${b}c${c}`);
    const folded = foldNames([...names, ...names]);
    expect(folded).toBe('a[1-2,4-15]b[1-15]c[1-15],a3b[1-2,4-15]c[1-15],a3b3c[1-2,4-15]');
    expect(new Set(evaluateExpression(folded).map(({ host }) => host))).toEqual(new Set(names));
  });
});
