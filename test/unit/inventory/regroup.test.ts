import { describe, expect, it } from 'vitest';
import { evaluateExpression } from '../../../src/inventory/expression.js';
import { regroup } from '../../../src/inventory/regroup.js';

const hosts = (text: string): string[] => evaluateExpression(text).map(({ label }) => label);
const groups = new Map<string, string[]>([
  ['web', hosts('web[1-3]')],
  ['db', hosts('db[1-2]')],
  ['all1', hosts('web[1-3],db[1-2]')],
  ['rack1', hosts('n[1-2]')],
  ['rack2', hosts('n[3-4]')],
  ['over', hosts('web[2-4]')],
  ['dup', hosts('web[1-3]')],
  ['none', []],
]);

describe('regroup', () => {
  // The expected texts are those of `nodeset -r` with the same groups.
  it.each([
    ['web[1-3]', '@dup'],
    ['web[1-4]', '@dup,web4'],
    ['web[1-3],db1', '@dup,db1'],
    ['web[1-3],db[1-2],x[1-2]', '@all1,x[1-2]'],
    ['n[1-5]', '@rack[1-2],n5'],
    ['n[1-2],web[1-5]', '@dup,@rack1,web[4-5]'],
    ['x1', 'x1'],
    ['web[1-2]', 'web[1-2]'],
  ])('%s is %s', (text, expected) => {
    expect(regroup(hosts(text), groups)).toBe(expected);
  });

  it('has nothing to say of no names', () => {
    expect(regroup([], groups)).toBe('');
  });
});
