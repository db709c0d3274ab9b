import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashOf,
  LONGEST_NAME,
  newMasterId,
  newOwnerId,
  ownerOf,
  parseSocketName,
  type SocketName,
  socketName,
} from '../../../src/master/names.js';

const NAME: SocketName = { hash: hashOf(['x']), id: newMasterId(), owner: newOwnerId() };

describe('socket names', () => {
  it('are read as they were written', () => {
    for (const name of [NAME, { ...NAME, owner: null }])
      expect(parseSocketName(socketName(name))).toEqual(name);
  });

  it('are never longer than the room kept for them, in one case only, without anything to quote', () => {
    fc.assert(
      fc.property(fc.array(fc.anything()), (parts) => {
        const name = socketName({ hash: hashOf(parts), id: newMasterId(), owner: newOwnerId() });
        expect(name).toHaveLength(LONGEST_NAME);
        expect(name).toMatch(/^[0-9a-z]{12}\.[0-9a-z]{4}\.[0-9a-z]{7}$/);
      }),
    );
  });

  it.each([
    '',
    'o.0123456',
    's.0123456.1',
    '0123456789ab.0123.json',
    '0123456789ab.0123',
    '0123456789ab.0123.0123456.aBcDeFgHiJkLmNoP',
    '0123456789AB.0123.-',
    '0123456789ab.0123.--',
    '0123456789ab.0123.-\n',
    '../0123456789ab.0123.-',
  ])('%j is none', (file) => {
    expect(parseSocketName(file)).toBeNull();
  });
});

describe('hashOf', () => {
  it('is the same for the same, and tells what is nearly the same apart', () => {
    const parts = ['me', 'web1', null, 22, null, ['a', 'b'], []];
    expect(hashOf(parts)).toBe(hashOf([...parts]));
    const others = [
      ['me', 'web1', '22', null, null, ['a', 'b'], []],
      ['me', 'web1', null, '22', null, ['a', 'b'], []],
      ['me', 'web1', null, 22, null, ['ab'], []],
      ['me', 'web1', null, 22, null, ['a'], ['b']],
      ['mew', 'eb1', null, 22, null, ['a', 'b'], []],
    ].map(hashOf);
    expect(new Set([hashOf(parts), ...others]).size).toBe(others.length + 1);
  });
});

describe('ownerOf', () => {
  it.each<[string, string | null]>([
    ['o.0123456', '0123456'],
    ['o.0123456.new', '0123456'],
    ['s.0123456.17', '0123456'],
    ['0123456789ab.0123.0123456.aBcDeFgHiJkLmNoP', '0123456'],
    ['0123456789ab.0123.0123456', null],
    ['0123456789ab.0123.-', null],
    ['0123456789ab.0123.json', null],
    ['x.0123456', null],
    ['o.01234567', null],
    ['other', null],
  ])('of %s is %s', (file, owner) => {
    expect(ownerOf(file)).toBe(owner);
  });
});

describe('ids', () => {
  it('do not repeat', () => {
    const owners = Array.from({ length: 1000 }, newOwnerId);
    expect(new Set(owners).size).toBe(owners.length);
    expect(newMasterId()).toMatch(/^[0-9a-z]{4}$/);
  });
});
