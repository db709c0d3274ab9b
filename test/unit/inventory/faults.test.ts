import { describe, expect, it } from 'vitest';
import { type HostfileFormat, parseHostfile } from '../../../src/inventory/hostfile.js';

const NAMES: Record<HostfileFormat, string> = {
  list: 'hosts',
  ini: 'inv.ini',
  yaml: 'inv.yaml',
  json: 'script',
  clustershell: 'local.cfg',
  'clustershell-yaml': 'cs.yaml',
  'ssh-config': 'config',
};

const NO_FILES = { reader: { readFile: () => null, glob: () => [] }, tildeHome: '/root' };

// Every line: the file's format, its text, and the whole error.
const FAULTS: [HostfileFormat, string, string][] = [
  ['ini', '[web', 'inv.ini:1: a "[" in "[web" is never closed; write [1:9], [01:50:2] or [a:f]'],
  [
    'ini',
    '\n[web servers]',
    'inv.ini:2: "[web servers]" is no section; write [group], [group:children] or [group:vars]',
  ],
  ['ini', '[]', 'inv.ini:1: "[]" is no section; write [group], [group:children] or [group:vars]'],
  [
    'ini',
    '[web:hosts:vars]',
    'inv.ini:1: "[web:hosts:vars]" is no section; write [group], [group:children] or [group:vars]',
  ],
  [
    'ini',
    '[web:var]',
    'inv.ini:1: section "[web:var]" has the unknown kind "var"; write [group], [group:children] or [group:vars]',
  ],
  ['ini', '[web:vars]\na=1', 'inv.ini:1: "[web:vars]" names the unknown group "web"; add a section [web]'],
  ['ini', '[a:children]\n\nb', 'inv.ini:3: "[a:children]" names the unknown group "b"; add a section [b]'],
  [
    'ini',
    '[a:children]\nb c',
    'inv.ini:2: "b c" is no group name; write one group a line under [group:children]',
  ],
  [
    'ini',
    '[a]\n[a:vars]\nnothing',
    'inv.ini:3: "nothing" is no variable; write name=value, quoted where it holds blanks',
  ],
  ['ini', 'web1 user', 'inv.ini:1: "user" is no variable; write name=value, quoted where it holds blanks'],
  ['ini', 'web1 =x', 'inv.ini:1: "=x" is no variable; write name=value, quoted where it holds blanks'],
  [
    'ini',
    'web1 a="x',
    'inv.ini:1: in "web1 a=\\"x" a " is never closed; close the quote, or escape it with a backslash',
  ],
  [
    'ini',
    'web1 a=\\',
    'inv.ini:1: in "web1 a=\\\\" nothing follows the last backslash; close the quote, or escape it with a backslash',
  ],
  ['ini', '---\nall:', 'inv.ini:1: "---" names no host; write a host, or --hostfile-format yaml for YAML'],
  ['ini', '""', 'inv.ini:1: "\\"\\"" names no host; write a host, or --hostfile-format yaml for YAML'],
  ['ini', 'web[5:1]', 'inv.ini:1: the range "[5:1]" runs backwards; swap its ends'],
  ['ini', 'web[f:a]', 'inv.ini:1: the range "[f:a]" runs backwards; swap its ends'],
  ['ini', 'web[1-3]', 'inv.ini:1: "[1-3]" is no range; write [1:9], [01:50:2] or [a:f]'],
  ['ini', 'web[1:3:0]', 'inv.ini:1: "[1:3:0]" is no range; write [1:9], [01:50:2] or [a:f]'],
  ['ini', 'web[1:]', 'inv.ini:1: "[1:]" is no range; write [1:9], [01:50:2] or [a:f]'],
  ['ini', 'web[1:2:3:4]', 'inv.ini:1: "[1:2:3:4]" is no range; write [1:9], [01:50:2] or [a:f]'],
  ['ini', 'web[a:3]', 'inv.ini:1: "[a:3]" is no range; write [1:9], [01:50:2] or [a:f]'],
  [
    'ini',
    'web[01:100]',
    'inv.ini:1: the ends of "[01:100]" are not equally long; write both with the same number of digits',
  ],
  ['ini', 'web1]', 'inv.ini:1: a "]" in "web1]" was never opened; write [1:9], [01:50:2] or [a:f]'],
  [
    'ini',
    'n[1:2000][1:2000]',
    'inv.ini:1: "n[1:2000][1:2000]" stands for more than 1000000 hosts; write smaller ranges',
  ],
  [
    'ini',
    'n[0:999999999999999]',
    'inv.ini:1: "n[0:999999999999999]" stands for more than 1000000 hosts; write smaller ranges',
  ],
  ['ini', '[::1]', 'inv.ini:1: "[::1]" is no section; write [group], [group:children] or [group:vars]'],
  ['ini', 'web1:', 'inv.ini:1: "web1:" ends in ":"; write a port behind it'],
  ['ini', 'web1:ssh', 'inv.ini:1: "ssh" is no port; write a number from 1 to 65535'],
  [
    'ini',
    'web1:70000',
    'inv.ini:1: ansible_port of "web1": "70000" is no port; write a number from 1 to 65535',
  ],
  [
    'ini',
    'web1 ansible_port=x',
    'inv.ini:1: ansible_port of "web1": "x" is no port; write a number from 1 to 65535',
  ],
  [
    'ini',
    'a\nweb1 ansible_user="-x"',
    'inv.ini:2: ansible_user of "web1": user name "-x" begins with "-", which ssh would take for an option; write a login name',
  ],
  [
    'ini',
    'web1 ansible_host=-oX=y',
    'inv.ini:1: ansible_host of "web1": host name "-oX=y" begins with "-", which ssh would take for an option; write a host name, an ssh_config alias or an address',
  ],
  [
    'ini',
    'web$(id)',
    'inv.ini:1: host name "web$(id)" holds "$"; write a host name, an ssh_config alias or an address',
  ],
  [
    'ini',
    'web1 ansible_host="{{ x | d }}"',
    'inv.ini:1: ansible_host holds the template "{{ x | d }}"; write the value itself, or {{ NAME }} of a variable of this host',
  ],
  [
    'ini',
    'web1 ansible_host="{{ gone }}"',
    'inv.ini:1: ansible_host holds the template "{{ gone }}"; write the value itself, or {{ NAME }} of a variable of this host',
  ],
  [
    'ini',
    'web1 ansible_ssh_common_args="-L 1:x:2"',
    'inv.ini:1: ansible_ssh_common_args of "web1": the ssh option "-L" is not taken from an inventory; write -o Key=value, -i FILE, -J HOST, -F FILE, -p PORT or -l USER',
  ],
  [
    'ini',
    '[a:children]\nb\n[b:children]\na',
    'inv.ini:2: groups go round in a circle: "a" > "b" > "a"; take one of them out of its children',
  ],
  [
    'ini',
    '[a]\n[a:children]\na',
    'inv.ini:3: groups go round in a circle: "a" > "a"; take one of them out of its children',
  ],
  [
    'ini',
    '[a]\n[a:vars]\nansible_group_priority=high',
    'group "a": ansible_group_priority "high" is no number; write a whole number',
  ],
  [
    'yaml',
    'all: [',
    'inv.yaml:1:7: no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; mend the line',
  ],
  ['yaml', 'all:\n\thosts:', 'inv.yaml:2:1: no YAML: Tabs are not allowed as indentation; mend the line'],
  ['yaml', '- a', 'inv.yaml:1:1: no YAML inventory; begin with the name of a group, such as all:'],
  ['yaml', '', 'inv.yaml:1:1: no YAML inventory; begin with the name of a group, such as all:'],
  [
    'yaml',
    'plugin: aws_ec2',
    'inv.yaml:1:1: the file sets up an inventory plugin, which pssh-ts does not run; save what `ansible-inventory --list` prints and name that with --hostfile',
  ],
  [
    'yaml',
    'all:\n  host:\n    a:',
    'inv.yaml:2:3: "host" is no part of group "all"; put hosts under hosts:, groups under children:, variables under vars:',
  ],
  [
    'yaml',
    'all:\n  hosts: [a, b]',
    'inv.yaml:2:10: "hosts" holds no mapping; write NAME: below it, one a line',
  ],
  ['yaml', 'all:\n  hosts:\n    5:', 'inv.yaml:3:5: "5" is no text for a host name; put it in quotes'],
  ['yaml', '1: {}', 'inv.yaml:1:1: "1" is no text for a group name; put it in quotes'],
  ['yaml', 'web: yes please', 'inv.yaml:1:6: "web" holds no mapping; write NAME: below it, one a line'],
  [
    'yaml',
    'a:\n  hosts:\n    x:\na:\n  hosts:\n    y:',
    'inv.yaml:4:1: the key "a" is here twice (before: inv.yaml:1:1); join the two',
  ],
  ['yaml', 'a:\n  vars: *gone', 'inv.yaml:2:9: no anchor "&gone" before this alias; add it'],
  ['yaml', 'a:\n  vars: {x: &l [*l]}', 'inv.yaml:2:17: "&l" holds itself; take the alias out'],
  ['yaml', 'a:\n  vars: {<<: 5}', 'inv.yaml:2:14: "<<" takes a mapping; write <<: *NAME of one'],
  ['yaml', 'a: {hosts: {"n[3:1]": }}', 'inv.yaml:1:13: the range "[3:1]" runs backwards; swap its ends'],
  [
    'yaml',
    'a: {}\n---\nb: {}',
    'inv.yaml:2:1: no YAML: Source contains multiple documents; please use YAML.parseAllDocuments(); mend the line',
  ],
  ['yaml', '? [a]\n: b', 'inv.yaml:1:3: a list or a mapping stands where a name must be; write a name'],
  ['json', '{"web": ["a",]}', 'script:1:14: no JSON: a value is missing at "]}"; print one JSON object'],
  [
    'json',
    '{"web":\n ["a" "b"]}',
    'script:2:7: no JSON: a "," or "]" is missing at "\\"b\\"]}"; print one JSON object',
  ],
  [
    'json',
    '{"web: 1}',
    'script:1:2: no JSON: a quote is never closed at "\\"web: 1}"; print one JSON object',
  ],
  ['json', '{} x', 'script:1:4: no JSON: something stands behind the end at "x"; print one JSON object'],
  ['json', '{web: 1}', 'script:1:2: no JSON: a quoted name is missing at "web: 1}"; print one JSON object'],
  [
    'json',
    '["a\\q"]',
    'script:1:2: no JSON: a string holds a bad escape or a control character at "\\"a\\\\q\\"]"; print one JSON object',
  ],
  ['json', '[]', 'script: the inventory is no JSON object; print {"group": {"hosts": []}}'],
  ['json', '{"web": "a"}', 'script: "hosts" of group "web" is no list of names; print ["name", …]'],
  [
    'json',
    '{"web": {"hosts": ["a", 1]}}',
    'script: "hosts" of group "web" is no list of names; print ["name", …]',
  ],
  ['json', '{"web": {"vars": []}}', 'script: "vars" of group "web" is no object; print {}'],
  [
    'json',
    '{"_meta": {"hostvars": []}}',
    'script: "_meta.hostvars" is no object; print {"_meta": {"hostvars": {}}}',
  ],
  [
    'json',
    '{"web": ["a"], "_meta": {"hostvars": {"a": 1}}}',
    'script: the variables of "a" are no object; print {}',
  ],
  ['clustershell', 'adm node1', 'local.cfg:1: "adm node1" is no group; write name: nodeset, or [source]'],
  [
    'clustershell',
    'a: @b\nb: x @a',
    'local.cfg:1:4: groups go round in a circle: "a" > "b" > "a"; take one of them out',
  ],
  ['clustershell', '\n a:   @gone', 'local.cfg:2:7: the group "@gone" is unknown; define it in this file'],
  ['clustershell', 'a: x:y', 'local.cfg:1:4: "y" is no port; write a number from 1 to 65535'],
  [
    'clustershell-yaml',
    'roles:\n  a: 5',
    'cs.yaml:2:6: group "a" is no node set; write node[1-3], in quotes, or a list of such',
  ],
  [
    'clustershell-yaml',
    'roles: x',
    'cs.yaml:1:8: source "roles" (cs.yaml:1:1) is no mapping; write SOURCE: and below it GROUP: NODESET',
  ],
  [
    'clustershell-yaml',
    '- x',
    'cs.yaml:1:1: the file is no mapping; write SOURCE: and below it GROUP: NODESET',
  ],
  ['ssh-config', 'Host a\nHost "b', 'config:2: "invalid quotes"; ssh refuses this file; mend the line'],
];

describe('a faulty hosts file is refused with its place, its text and a mend', () => {
  it.each(FAULTS)('%s %j', (format, text, message) => {
    const read = (): unknown => parseHostfile(NAMES[format], text, format, { sshConfig: NO_FILES });
    expect(read).toThrowError(expect.objectContaining({ code: 'ERR_INVENTORY' }));
    expect(read).toThrowError(new RegExp(`^${message.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`));
    expect(message).not.toContain('\n');
  });

  it('a script and a binary file', () => {
    expect(() => parseHostfile('inv.py', '#!/usr/bin/python3\n')).toThrowError(
      'inv.py:1: the file is a script; run it with --inventory-script FILE',
    );
    expect(() => parseHostfile('ls', 'ELF\n\0\0')).toThrowError(
      'ls:2: the file is not text; name a hosts file',
    );
  });

  it('aliases that stand for more than memory holds', () => {
    const laughs = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (const [i, name] of [...'bcdefghij'].entries()) {
      const before = 'abcdefghij'[i];
      laughs.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`);
    }
    expect(() => parseHostfile('i.yaml', `all: {vars: {${laughs.join(', ')}}}`, 'yaml')).toThrowError(
      /aliases stand for more than 100000 values/,
    );
  });

  it.each(['[', '{a: ', '- '])('nesting in YAML without end: %j', (piece) => {
    expect(() => parseHostfile('i.yaml', piece.repeat(20_000), 'yaml')).toThrowError(
      expect.objectContaining({ code: 'ERR_INVENTORY' }),
    );
  });

  it('nesting in JSON without end', () => {
    expect(() => parseHostfile('i', '['.repeat(100_000), 'json')).toThrowError(/nested too deeply/);
  });

  it('a file name with control characters does not spoil the line', () => {
    expect(() => parseHostfile('a\nb\u001b[31m', 'web1 b c')).toThrowError(/^"a\\nb\\u001b\[31m":1:8: /);
  });
});
