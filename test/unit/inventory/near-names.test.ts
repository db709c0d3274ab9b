import { expect, it } from 'vitest';
import { nearNames } from '../../../src/inventory/near-names.js';

it.each([
  ['web', ['web', 'db'], ['web']],
  ['wbe', ['web', 'db'], ['web']],
  ['WEB1', ['web1'], ['web1']],
  ['staging', ['stagign', 'stage', 'stging', 'prod'], ['stagign', 'stging']],
  ['web9', ['web1', 'web2', 'web3', 'web4'], ['web1', 'web2', 'web3']],
  ['production', ['db'], []],
  ['', ['a', 'bb'], ['a']],
  ['x', [], []],
])('near %j among %j is %j', (wanted, names, expected) => {
  expect(nearNames(wanted, names)).toEqual(expected);
});

it('compares long names in bounded time', () => {
  const names = Array.from({ length: 2000 }, (_, index) => 'x'.repeat(200) + index);
  const start = performance.now();
  nearNames('y'.repeat(200), names);
  expect(performance.now() - start).toBeLessThan(2000);
});
