import { describe, expect, it } from 'vitest';
import { parseHostfile } from '../../../src/inventory/hostfile.js';
import { parseSshArgs } from '../../../src/inventory/ssh-args.js';

describe('parseSshArgs', () => {
  it.each<[string, object]>([
    ['', { identities: [], options: [] }],
    ['-o A=1 -oB=2 -o "C 3" -o "D = 4 5"', { identities: [], options: ['A=1', 'B=2', 'C=3', 'D=4 5'] }],
    [
      `-o ProxyCommand="ssh -W %h:%p -q bastion" -i ~/.ssh/k -i 'a b'`,
      { identities: ['~/.ssh/k', 'a b'], options: ['ProxyCommand=ssh -W %h:%p -q bastion'] },
    ],
    [
      '-J a,u@b:22 -p 2222 -l me -F ./cfg',
      { identities: [], options: [], jump: 'a,u@b:22', port: 2222, user: 'me', configFile: './cfg' },
    ],
    ['-p1 -p2 -la -lb', { identities: [], options: [], port: 1, user: 'a' }],
    [
      '-CA4 -C6i key',
      {
        identities: ['key'],
        options: [
          'Compression=yes',
          'ForwardAgent=yes',
          'AddressFamily=inet',
          'Compression=yes',
          'AddressFamily=inet6',
        ],
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseSshArgs(text)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['host', '"host" is no ssh option'],
    ['--', '"--" is no ssh option'],
    ['-', '"-" is no ssh option'],
    ['-o', 'nothing follows "-o"'],
    ['-o A', '"A" is no ssh option of the form Key=value'],
    ['-o =b', '"=b" is no ssh option of the form Key=value'],
    ['-o "A=b\nC=d"', '"A=b\\nC=d" is no ssh option of the form Key=value'],
    ['-N', 'nothing follows "-N"'],
    ['-E x', 'the ssh option "-E" is not taken from an inventory'],
    ['-p 0', '"0" is no port'],
    ['-J -x', '"-x" is no jump host'],
    ['-J "a;b"', '"a;b" is no jump host'],
    ['-i ""', 'the file name behind -i is empty'],
    ['"-o', 'in "\\"-o" a " is never closed'],
  ])('refuses %j', (text, fault) => {
    expect(parseSshArgs(text)).toMatchObject({ fault });
  });
});

describe('the connection variables of Ansible', () => {
  const host = (text: string, name = 'web1') => parseHostfile('i', text, 'ini').hosts.get(name);

  it('ansible_host is where ssh goes, the inventory name is what is shown', () => {
    const found = host('web1 ansible_host=10.0.0.1 ansible_port=2222 ansible_user=deploy role=db');
    expect(found?.spec).toMatchObject({ host: '10.0.0.1', port: 2222, user: 'deploy', label: 'web1' });
    expect({ ...found?.spec.vars }).toEqual({
      ansible_host: '10.0.0.1',
      ansible_port: '2222',
      ansible_user: 'deploy',
      inventory_hostname: 'web1',
      role: 'db',
    });
    expect(found).toMatchObject({ name: 'web1', where: 'i:1' });
    expect(found).not.toHaveProperty('sshOptions');
  });

  it.each<[string, object]>([
    ['web1', { host: 'web1', label: 'web1' }],
    ['web1:2222', { host: 'web1', port: 2222 }],
    ['web1 ansible_host=::1', { host: '::1' }],
    ['web1 ansible_host=a ansible_ssh_host=b', { host: 'b' }],
    ['web1 ansible_host=', { host: 'web1' }],
    ['web1 ansible_host="{{ ip }}" ip="{{net}}.5" net=10.0.0', { host: '10.0.0.5' }],
    ['web1 ansible_host="{{ inventory_hostname }}.eu"', { host: 'web1.eu' }],
    ['web1 ansible_user=a ansible_ssh_common_args="-l b -p 5"', { user: 'a', port: 5 }],
    ['web1 ansible_user=42', { user: '42' }],
    [
      '[g]\nweb1\n[g:vars]\nansible_user=x\n[all:vars]\nansible_user=y\nansible_port=7',
      { user: 'x', port: 7 },
    ],
    ['web1 __proto__=1 constructor=2', { host: 'web1' }],
  ])('%j', (text, expected) => {
    expect(host(text)?.spec).toMatchObject(expected);
  });

  it('a name with a user and a port is taken apart for ssh, and stays the name', () => {
    expect(host('me@web1:22', 'me@web1:22')?.spec).toMatchObject({
      host: 'web1',
      user: 'me',
      port: 22,
      label: 'me@web1:22',
    });
  });

  it('keys and ssh arguments become options in the order Ansible gives them', () => {
    const found = host(
      'web1 ansible_ssh_private_key_file=~/k ansible_ssh_extra_args="-C -J late" ansible_ssh_common_args="-o A=1 -i k2 -J early"',
    );
    expect(found?.sshOptions).toEqual({
      identities: ['~/k', 'k2'],
      options: ['A=1', 'Compression=yes'],
      jump: 'early',
    });
  });
});
