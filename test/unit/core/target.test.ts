import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberTargets, type TargetSpec, targetKey, targetName } from '../../../src/core/target.js';

const spec = (host: string, rest: Partial<TargetSpec> = {}): TargetSpec => ({
  host,
  label: host,
  vars: {},
  ...rest,
});

describe('targetName', () => {
  it("is the inventory's name where there is one, else the host as written", () => {
    expect(targetName(spec('10.0.0.1', { vars: { inventory_hostname: 'db1' } }))).toBe('db1');
    expect(targetName(spec('10.0.0.1', { vars: { other: 'x' } }))).toBe('10.0.0.1');
  });
});

describe('targetKey', () => {
  it('tells apart whatever goes elsewhere or as somebody else', () => {
    const keys = [
      spec('a'),
      spec('b'),
      spec('a', { user: 'u' }),
      spec('a', { port: 22 }),
      spec('a', { user: 'u', port: 22 }),
      spec('a', { user: 'u', port: 2 }),
      spec('2001:db8::22'),
      spec('2001:db8:', { port: 22 }),
    ].map(targetKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not look at the label', () => {
    expect(targetKey(spec('a', { label: 'x' }))).toBe(targetKey(spec('a')));
  });
});

describe('numberTargets', () => {
  it('keeps the order written; of repeats the first stays', () => {
    const targets = numberTargets([
      spec('b', { label: 'first' }),
      spec('a'),
      spec('b', { label: 'second' }),
      spec('b', { user: 'root' }),
    ]);
    expect(targets.map(({ index, label, user }) => [index, label, user])).toEqual([
      [0, 'first', undefined],
      [1, 'a', undefined],
      [2, 'b', 'root'],
    ]);
  });

  it('numbers from 0 without gaps, whatever repeats', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd')), (hosts) => {
        const targets = numberTargets(hosts.map((host) => spec(host)));
        expect(targets.map(({ index }) => index)).toEqual(targets.map((_, place) => place));
        expect(targets.map(({ host }) => host)).toEqual([...new Set(hosts)]);
      }),
    );
  });
});
