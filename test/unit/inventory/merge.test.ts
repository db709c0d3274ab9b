import { describe, expect, it } from 'vitest';
import { parseHostfile } from '../../../src/inventory/hostfile.js';
import { mergeInventories } from '../../../src/inventory/inventory.js';

const ini = (name: string, text: string, known: string[] = []) =>
  parseHostfile(name, text, 'ini', { knownGroups: new Set(known) });

describe('mergeInventories', () => {
  it('nothing is an empty inventory, one is itself', () => {
    expect(mergeInventories([]).hosts.size).toBe(0);
    const one = ini('a', 'x');
    expect(mergeInventories([one])).toBe(one);
  });

  it('reads several Ansible inventories as one, as ansible -i a -i b does', () => {
    const a = ini('a', 'lone\n[web]\nw1 k=a own=1\n[web:vars]\ng=web\nansible_user=first');
    const b = ini(
      'b',
      '[web]\nw2\n[eu]\nlone\n[web:vars]\nansible_user=second\n[all:vars]\ng=all\nz=1\n[eu]\nw1 k=b',
    );
    const { hosts, groups } = mergeInventories([a, b]);
    expect([...hosts.keys()]).toEqual(['lone', 'w1', 'w2']);
    expect({ ...hosts.get('w1')?.spec.vars }).toMatchObject({ k: 'b', own: '1', g: 'web', z: '1' });
    expect(hosts.get('w2')?.spec).toMatchObject({ user: 'second' });
    expect(hosts.get('w1')?.where).toBe('a:3');
    expect(Object.fromEntries(groups)).toEqual({
      all: ['lone', 'w1', 'w2'],
      ungrouped: [],
      web: ['w1', 'w2'],
      eu: ['lone', 'w1'],
    });
  });

  it('a later file may give variables to a group of an earlier one', () => {
    const a = ini('a', '[web]\nw1');
    expect(() => ini('b', '[web:vars]\nx=1')).toThrowError(/unknown group "web"/);
    const b = ini('b', '[web:vars]\nx=1', ['web']);
    expect(mergeInventories([a, b]).hosts.get('w1')?.spec.vars).toMatchObject({ x: '1' });
  });

  it('joins other formats by name: what is said later counts, what is not said stays', () => {
    const list = parseHostfile('l', 'w1\nx1\n', 'list');
    const a = ini('a', '[web]\nw1 ansible_host=10.0.0.1 k=v');
    for (const order of [
      [list, a],
      [a, list],
    ]) {
      const { hosts, groups } = mergeInventories(order);
      expect(hosts.get('w1')?.spec).toMatchObject({ host: '10.0.0.1', label: 'w1' });
      expect(hosts.get('w1')?.spec.vars.k).toBe('v');
      expect([...(groups.get('all') ?? [])].sort()).toEqual(['w1', 'x1']);
      expect(groups.get('web')).toEqual(['w1']);
    }
    expect([...mergeInventories([list, a]).hosts.keys()]).toEqual(['w1', 'x1']);
  });

  it('merging what was merged loses nothing', () => {
    const list = parseHostfile('l', 'x1', 'list');
    const cluster = parseHostfile('c', 'g: n1', 'clustershell');
    const merged = mergeInventories([list, ini('a', '[web]\nw1'), cluster]);
    const again = mergeInventories([merged, ini('b', '[web]\nw2')]);
    expect([...again.hosts.keys()]).toEqual(['x1', 'w1', 'n1', 'w2']);
    expect(again.groups.get('web')).toEqual(['w1', 'w2']);
    expect(again.groups.get('g')).toEqual(['n1']);
  });
});
