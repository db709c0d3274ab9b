import { describe, expect, it } from 'vitest';
import {
  detectFormat,
  type HostfileFormat,
  isHostListFile,
  parseHostfile,
} from '../../../src/inventory/hostfile.js';

describe('detectFormat', () => {
  it.each<[HostfileFormat, string, string]>([
    ['list', 'hosts', ''],
    ['list', 'hosts', '# all\nweb1\nweb2 deploy\nu@db1:22\n'],
    ['list', 'hosts', '[::1]:22\n2001:db8::1\nweb1:22\n'],
    ['list', 'hosts', 'node[1-3]\nweb1,web2\n@web\n'],
    ['list', 'hosts', 'host\nuser root\n'],
    ['list', 'hosts.txt', 'web1 # key=value\n'],
    ['ini', 'hosts', 'web1\n[db]\ndb1\n'],
    ['ini', 'hosts', '[web:children]\ndb\n'],
    ['ini', 'hosts', '[web] # x\nweb1\n'],
    ['ini', 'hosts', 'web1 ansible_host=10.0.0.1\n'],
    ['ini', 'hosts', 'web[01:50]\n'],
    ['ini', 'hosts', 'web[a:f].eu # comment\n'],
    ['ini', 'x.ini', 'web1\n'],
    ['yaml', 'hosts', '---\nall:\n  hosts:\n    a:\n'],
    ['yaml', 'hosts', 'all:\n  hosts:\n    a:\n'],
    ['yaml', 'x.yml', 'web: {hosts: {a: }}\n'],
    ['yaml', 'x.yaml', '{"all": {"hosts": {"a": null}}}'],
    ['yaml', 'x.yaml', 'web:\n'],
    ['json', 'x.json', '{"web": {"hosts": ["a"]}}'],
    ['json', '-', '{\n "_meta": {}}'],
    ['clustershell', 'local.cfg', 'adm: example0\nio:example[4-6]\n'],
    ['clustershell', 'groups', '# x\nadm: example0\nio: example[4-6],@adm\n'],
    ['clustershell', 'groups', '[racks]\nr1: a\n[roles]\nweb: @r1\n'],
    ['clustershell-yaml', 'cluster.yaml', 'roles:\n  adm: example0\n  web: [a, b]\n'],
    ['clustershell-yaml', 'cluster.yaml', 'roles: {adm: example0}\n'],
    ['ssh-config', 'config', 'Host web1\n  HostName 10.0.0.1\n'],
    ['ssh-config', 'config', 'Include conf.d/*\n'],
    ['ssh-config', 'config', '# mine\nUser me\n\nHost=web1\n\tport=22\nMatch all\n IdentityFile ~/.ssh/x\n'],
    ['ssh-config', '/home/x/.ssh/config', 'Host a\n  FutureKeyword yes\n'],
  ])('%s: %s %j', (format, path, text) => {
    expect(detectFormat(path, text)).toBe(format);
    expect(detectFormat(path, text.replaceAll('\n', '\r\n'))).toBe(format);
  });
});

describe('isHostListFile', () => {
  it.each<[boolean, string]>([
    [true, 'web1\n'],
    [true, '# hosts\nweb1\n\nu@web2:22 # x\nweb3 deploy\n10.0.0.1\n::1\n[fe80::1%eth0]:22\n'],
    [true, 'node[1-30]\nweb1,web2\n'],
    [true, 'lone\n[web]\nweb[1:3] ansible_user=x ansible_port=2222\n[web:vars]\nk=v\n'],
    [true, 'web1 ansible_ssh_private_key_file=~/.ssh/k\n'],
    [false, ''],
    [false, '# nothing\n'],
    [false, 'web1\nnot a host line\n'],
    [false, 'web1\nweb2/x\n'],
    [false, '#!/bin/sh\nls\n'],
    [false, 'ls\0'],
    [false, '{"name": "x"}\n'],
    [false, 'name: x\n'],
    [false, 'Host web1\n'],
    [false, 'web1 ansible_ssh_common_args="-o ProxyCommand=id"\n'],
    [false, '[core]\n\tbare = false\n'],
    [false, '[x]\nfoo=bar\n'],
    [false, 'echo $HOME\n'],
    [false, 'web1;\n'],
    [false, 'a?\n'],
    [false, '~/x\n'],
  ])('%s: %j', (expected, text) => {
    expect(isHostListFile(text)).toBe(expected);
  });
});

describe('parseHostfile', () => {
  it('reads what it detects', () => {
    expect([...parseHostfile('-', 'web1\nweb2').hosts.keys()]).toEqual(['web1', 'web2']);
    expect([...parseHostfile('h', '[web]\nw[1:2]').groups]).toEqual([
      ['all', ['w1', 'w2']],
      ['ungrouped', []],
      ['web', ['w1', 'w2']],
    ]);
  });

  it('follows the Includes of an ssh_config through the reader it is given', () => {
    const reader = {
      readFile: (path: string) => (path === '/etc/extra' ? 'Host extra' : null),
      glob: (pattern: string) => [pattern],
    };
    const { hosts } = parseHostfile('-', 'Include /etc/extra\nHost own *.x\n', undefined, {
      sshConfig: { reader, tildeHome: '/root' },
    });
    expect([...hosts.values()].map(({ name, where }) => [name, where])).toEqual([
      ['extra', '/etc/extra:1'],
      ['own', '-:2'],
    ]);
  });

  it('takes the format that is forced', () => {
    const sshConfig = { reader: { readFile: () => null, glob: () => [] }, tildeHome: '/root' };
    expect([...parseHostfile('x', 'host deploy', 'list').hosts.keys()]).toEqual(['deploy@host']);
    expect([...parseHostfile('x', 'host deploy', 'ssh-config', { sshConfig }).hosts.keys()]).toEqual([
      'deploy',
    ]);
  });
});
