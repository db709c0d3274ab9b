import { describe, expect, it } from 'vitest';
import type { TargetSpec } from '../../../src/core/target.js';
import { parseHostList } from '../../../src/inventory/host-list.js';

const specs = (text: string): object[] =>
  [...parseHostList('hosts', text).hosts.values()].map(({ spec: { vars: _, ...rest } }) => rest);

describe('a host list', () => {
  it.each<[string, string, object[]]>([
    [
      'one host a line',
      'web1\nweb2\n',
      [
        { host: 'web1', label: 'web1' },
        { host: 'web2', label: 'web2' },
      ],
    ],
    ['no newline at the end', 'web1', [{ host: 'web1', label: 'web1' }]],
    [
      'CRLF',
      'web1\r\nweb2\r\n',
      [
        { host: 'web1', label: 'web1' },
        { host: 'web2', label: 'web2' },
      ],
    ],
    ['a byte order mark', '\ufeffweb1\n', [{ host: 'web1', label: 'web1' }]],
    [
      'comments and blank lines',
      '# all\n\n  \t\nweb1 # the first\n#web2\nweb3#x',
      [
        { host: 'web1', label: 'web1' },
        { host: 'web3', label: 'web3' },
      ],
    ],
    [
      'user and port',
      'deploy@web1:2222',
      [{ host: 'web1', user: 'deploy', port: 2222, label: 'deploy@web1:2222' }],
    ],
    [
      'the user after a blank',
      'web1:22\tdeploy',
      [{ host: 'web1', user: 'deploy', port: 22, label: 'deploy@web1:22' }],
    ],
    ['a user with an @', 'me@corp@web1', [{ host: 'web1', user: 'me@corp', label: 'me@corp@web1' }]],
    ['indented lines', '   web1   ', [{ host: 'web1', label: 'web1' }]],
    ['IPv4', '10.0.0.1:22', [{ host: '10.0.0.1', port: 22, label: '10.0.0.1:22' }]],
    ['bare IPv6', '2001:db8::1', [{ host: '2001:db8::1', label: '2001:db8::1' }]],
    ['bracketed IPv6', 'u@[::1]:22 ', [{ host: '::1', user: 'u', port: 22, label: 'u@[::1]:22' }]],
    ['bracketed IPv6 without a port', '[fe80::1%eth0]', [{ host: 'fe80::1%eth0', label: '[fe80::1%eth0]' }]],
    [
      'repeats',
      'web1\nweb2\nweb1',
      [
        { host: 'web1', label: 'web1' },
        { host: 'web2', label: 'web2' },
      ],
    ],
    [
      'one host, two users',
      'web1 a\nweb1 b',
      [
        { host: 'web1', user: 'a', label: 'a@web1' },
        { host: 'web1', user: 'b', label: 'b@web1' },
      ],
    ],
    ['an empty file', '', []],
  ])('takes %s', (_, text, expected) => {
    expect(specs(text)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['web1\nweb2:0', 'hosts:2:6: "0" is no port; write a number from 1 to 65535'],
    ['web1:99999', 'hosts:1:6: "99999" is no port; write a number from 1 to 65535'],
    ['web1:', 'hosts:1:6: "" is no port; write a number from 1 to 65535'],
    [
      'a:b:c',
      'hosts:1:1: "a:b:c" is neither host:port nor an IPv6 address; write host:22 or [2001:db8::1]:22',
    ],
    ['[::g]:22', 'hosts:1:1: "[::g]:22" is a host expression; write plain host names here, one a line'],
    ['web1 a b', 'hosts:1:8: "b" is one word too many; write one host a line: [user@]host[:port] [user]'],
    [
      '  -oProxyCommand=x',
      'hosts:1:3: host name "-oProxyCommand=x" begins with "-", which ssh would take for an option; write a host name, an ssh_config alias or an address',
    ],
    [
      '-x@web1',
      'hosts:1:1: user name "-x" begins with "-", which ssh would take for an option; write user@host',
    ],
    ['@', 'hosts:1:1: "@" is a host expression; write plain host names here, one a line'],
    ['u@', 'hosts:1:3: the host name is empty; write a host name, an ssh_config alias or an address'],
    [
      'web$(x)',
      'hosts:1:1: host name "web$(x)" holds "$"; write a host name, an ssh_config alias or an address',
    ],
    ['a/b', 'hosts:1:2: host name "a/b" holds "/"; write a host name, an ssh_config alias or an address'],
    [
      'web1 db1:22',
      'hosts:1:6: user name "db1:22" holds ":"; the second word is the user; write one host a line',
    ],
    [
      'web1 ansible_host=x',
      'hosts:1:6: user name "ansible_host=x" holds "="; the second word is the user; write one host a line',
    ],
    ['a@web1 b', 'hosts:1:8: the line has two users, "a" and "b"; leave one of them out'],
    ['n[1-3]', 'hosts:1:1: "n[1-3]" is a host expression; write plain host names here, one a line'],
    [
      'a\u0000b',
      'hosts:1:1: host name "a\\u0000b" holds "\\u0000"; write a host name, an ssh_config alias or an address',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => specs(text)).toThrowError(expect.objectContaining({ code: 'ERR_INVENTORY', message }));
  });

  it('gives expressions to the callback, with their place, and sets the user of the line', () => {
    const seen: string[] = [];
    const expand = (text: string, where: string): TargetSpec[] => {
      seen.push(`${where} ${text}`);
      return ['n1', 'n2'].map((host) => ({ host, label: host, vars: {} }));
    };
    const { hosts } = parseHostList('h', 'a\n n[1-2] deploy\n@web', expand);
    expect(seen).toEqual(['h:2:2 n[1-2]', 'h:3:1 @web']);
    expect([...hosts.keys()]).toEqual(['a', 'deploy@n1', 'deploy@n2', 'n1', 'n2']);
    expect(hosts.get('n2')?.where).toBe('h:3');
  });
});
