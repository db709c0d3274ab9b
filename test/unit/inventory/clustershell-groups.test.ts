import { describe, expect, it } from 'vitest';
import { type HostfileFormat, parseHostfile } from '../../../src/inventory/hostfile.js';
import type { Expand } from '../../../src/inventory/inventory.js';

// A small stand-in for host expressions: node[1-3], @group, commas and blanks.
const expand: Expand = (text, where, group) =>
  text
    .split(/[\s,]+/)
    .flatMap((word) => {
      if (word.startsWith('@')) {
        const members = group?.(word.slice(1));
        if (members === undefined) throw new Error(`${where}: unknown ${word}`);
        return members.map(({ label }) => label);
      }
      const range = /^(.*)\[(\d+)-(\d+)\]$/.exec(word);
      if (range === null) return [word];
      const [first, last] = [Number(range[2]), Number(range[3])];
      return Array.from({ length: last - first + 1 }, (_, i) => `${range[1]}${first + i}`);
    })
    .map((host) => ({ host, label: host, vars: {} }));

function read(text: string, format: HostfileFormat = 'clustershell') {
  const { hosts, groups } = parseHostfile('local.cfg', text, format, { expand });
  return { hosts: [...hosts.keys()], groups: Object.fromEntries(groups) };
}

describe("ClusterShell's static groups", () => {
  it('reads lines of name: nodeset', () => {
    expect(
      read(
        '# groups\nadm: example0\noss: example4 example5\nio: example[4-6]  # three\n\nempty:\nall: @adm,@io\n',
      ),
    ).toEqual({
      hosts: ['example0', 'example4', 'example5', 'example6'],
      groups: {
        adm: ['example0'],
        oss: ['example4', 'example5'],
        io: ['example4', 'example5', 'example6'],
        empty: [],
        all: ['example0', 'example4', 'example5', 'example6'],
      },
    });
  });

  it('joins lines of one name, and lets a group be named before its line', () => {
    expect(read('a: @b x\nb: y\na: z').groups).toEqual({ a: ['y', 'x', 'z'], b: ['y'] });
  });

  it('knows groups of several sources with and without the source', () => {
    const { groups } = read(
      '[racks]\nr1: n[1-2]\nboth: n1\n[roles]\nweb: @racks:r1\nboth: @web n9\n'.replace('every: @*\n', ''),
    );
    expect(groups).toEqual({
      'racks:r1': ['n1', 'n2'],
      r1: ['n1', 'n2'],
      'racks:both': ['n1'],
      both: ['n1'],
      'roles:web': ['n1', 'n2'],
      web: ['n1', 'n2'],
      'roles:both': ['n1', 'n2', 'n9'],
    });
  });

  it('knows every group of a source', () => {
    expect(read('[racks]\nr1: a\nr2: b\n[roles]\nweb: @racks:*').groups['roles:web']).toEqual(['a', 'b']);
  });

  it('reads YAML: sources of groups, each a node set or a list of them', () => {
    const text =
      'roles:\n  adm: example0\n  web: [n1, "n[2-3]"]\n  all: "@adm,@web"\nracks:\n  r1: n1 n2\n  none:\n';
    expect(read(text, 'clustershell-yaml')).toEqual({
      hosts: ['example0', 'n1', 'n2', 'n3'],
      groups: {
        'roles:adm': ['example0'],
        adm: ['example0'],
        'roles:web': ['n1', 'n2', 'n3'],
        web: ['n1', 'n2', 'n3'],
        'roles:all': ['example0', 'n1', 'n2', 'n3'],
        all: ['example0', 'n1', 'n2', 'n3'],
        'racks:r1': ['n1', 'n2'],
        r1: ['n1', 'n2'],
        'racks:none': [],
        none: [],
      },
    });
  });

  it('never runs an upcall: a groups.conf is refused', () => {
    expect(() => read('[Main]\ndefault: local\n[local]\nmap: cat /etc/x\n')).toThrowError(
      'local.cfg:1: this is a groups.conf: it names commands, which pssh-ts never runs; name the files of groups.d',
    );
  });
});
