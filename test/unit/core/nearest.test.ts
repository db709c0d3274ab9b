import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/core/nearest.js';

describe('nearest', () => {
  it.each<[string, string[], string[]]>([
    ['wbe', ['web', 'db'], ['web']],
    ['web-eu', ['web-us', 'web-eu1', 'db'], ['web-eu1', 'web-us']],
    ['WEB', ['web'], ['web']],
    ['fanuot', ['fanout', 'timeout'], ['fanout']],
    ['a', ['b', 'abc'], ['b']],
    ['xyz', ['web', 'db'], []],
    ['web', ['web1', 'web2', 'web3', 'web4'], ['web1', 'web2', 'web3']],
    ['', ['web'], []],
    ['conect-timeout', ['connect-timeout', 'timeout'], ['connect-timeout']],
  ])('%s of %j', (name, candidates, expected) => {
    expect(nearest(name, candidates)).toEqual(expected);
  });

  it('is quick with long and many names', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `node${i}.example.com`);
    expect(nearest('nodx77.example.com', many)).toHaveLength(3);
    expect(nearest('x'.repeat(1_000_000), ['y'.repeat(1_000_000)])).toEqual([]);
  });
});
