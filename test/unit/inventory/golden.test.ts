import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PsshError } from '../../../src/core/errors.js';
import { foldNames } from '../../../src/core/fold.js';
import { evaluateExpression } from '../../../src/inventory/expression.js';

interface Case {
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
}

interface Golden {
  /** The version that answered. */
  readonly nodeset: string;
  readonly expansions: readonly Case[];
  readonly foldings: readonly Case[];
}

const golden = JSON.parse(readFileSync(new URL('golden/nodeset.json', import.meta.url), 'utf8')) as Golden;

const LOGIN = 'an item without a login names its host under any: taken away is taken away';
const TOUCHING = 'pdsh takes brackets side by side; nodeset refuses them';
const SIGNED = 'no host counts below zero, and n[1-2-3] is a slip';
const BLANK = 'a blank separates like a comma, as in pdsh and pssh; nodeset takes it into the name';
const ADDRESS = 'an IPv6 address stands in brackets before a port; nodeset knows no addresses';
const PART = 'users and ports take no range, so folding makes none';

/** Where we mean to differ from nodeset: the input, our hosts sorted (null: an error), and why. */
const EXPANSION_DIFFERENCES: Readonly<Record<string, readonly [string | null, string]>> = {
  'deploy@web1!web1': ['', LOGIN],
  'deploy@web1&web1': ['deploy@web1', LOGIN],
  'n[1-2][3-4]': ['n13 n14 n23 n24', TOUCHING],
  'n[1-2]5[1-2]': ['n151 n152 n251 n252', TOUCHING],
  'n[-1-3]': [null, SIGNED],
  'n[1-2-3]': [null, SIGNED],
  'n[+1]': [null, SIGNED],
  'n[1-2],m1 n[3-4]': ['m1 n1 n2 n3 n4', BLANK],
  'n [1-2]': ['1 2 n', BLANK],
  'u[1-2]@h': [null, PART],
  'h:[1-2]': [null, PART],
  '[::1]': ['[::1]', ADDRESS],
  '[::1]:22': ['[::1]:22', ADDRESS],
  'n[99999999999999999999]': [null, 'beyond 2^53 numbers are not counted exactly'],
  'web*': [null, 'a pattern that matches nothing is an error; nodeset takes it for empty'],
  '@nogroup': [null, 'an unknown group is an error; nodeset takes it for empty'],
};

const FOLDING_DIFFERENCES: Readonly<Record<string, readonly [string, string]>> = {
  'h:22,h:23': ['h:22,h:23', PART],
  'u1@h,u2@h': ['u1@h,u2@h', PART],
  'n99999999999999999999,n99999999999999999998': [
    'n99999999999999999998,n99999999999999999999',
    'numbers of more than 15 digits are serial numbers rather than counts, and stay as they are',
  ],
};

function expand(text: string): string[] | null {
  try {
    return evaluateExpression(text).map(({ label }) => label);
  } catch (error) {
    if (error instanceof PsshError) return null;
    throw error;
  }
}

/** nodeset sorts its hosts; we keep the order written. */
function asSet(names: readonly string[] | null): string | null {
  return names === null ? null : [...names].sort().join(' ');
}

function wordsOf({ output }: Case): string[] | null {
  return output === undefined ? null : output.split(' ').filter((word) => word !== '');
}

it('has enough cases, and says whose answers they are', () => {
  expect(golden.nodeset).toMatch(/^nodeset 1\.9/);
  expect(golden.expansions.length).toBeGreaterThanOrEqual(100);
  expect(golden.foldings.length).toBeGreaterThanOrEqual(100);
});

describe('expanding agrees with nodeset', () => {
  it.each(golden.expansions.map((each) => [each.input, each] as const))('%s', (input, each) => {
    const difference = EXPANSION_DIFFERENCES[input];
    const ours = asSet(expand(input));
    const theirs = asSet(wordsOf(each));
    if (difference === undefined) return expect(ours).toBe(theirs);
    // A difference that is none any more has no place in the list.
    expect(ours).not.toBe(theirs);
    expect(ours).toBe(difference[0]);
  });
});

describe('folding agrees with nodeset, to the letter', () => {
  it.each(golden.foldings.map((each) => [each.input, each] as const))('%s', (input, each) => {
    const difference = FOLDING_DIFFERENCES[input];
    const ours = foldNames(expand(input) ?? []);
    if (difference === undefined) return expect(ours).toBe(each.output);
    expect(ours).not.toBe(each.output);
    expect(ours).toBe(difference[0]);
  });
});

it('lists no difference without its case', () => {
  const inputs = new Set([...golden.expansions, ...golden.foldings].map(({ input }) => input));
  for (const input of [...Object.keys(EXPANSION_DIFFERENCES), ...Object.keys(FOLDING_DIFFERENCES)])
    expect(inputs).toContain(input);
});
