import { describe, expect, it } from 'vitest';
import { evaluateExpression } from '../../../../src/inventory/expression.js';
import { failsAt, failure } from './table.js';

describe('operands and operators', () => {
  failsAt(String.raw`
 | 1 | no hosts in an empty expression; name at least one
\t\n | 1 | empty expression
, | 1 | a host is missing before ","
,a | 1 | a host is missing before ","; write one there or take "," out
a, | 2 | a host is missing after ","; write one there or take "," out
a,\t | 2 | a host is missing after ","
a,,b | 3 | a host is missing after ","
a, ,b | 4 | a host is missing after ","
!a | 1 | a host is missing before "!"
&a | 1 | a host is missing before "&"
a! | 2 | a host is missing after "!"
a & | 3 | a host is missing after "&"
a^ | 2 | a host is missing after "^"
a!!b | 3 | a host is missing after "!"
a,!b | 3 | a host is missing after ","
a!,b | 3 | a host is missing after "!"
a&&b | 3 | a host is missing after "&"
^ | 1 | a file name is missing after "^"
a,^ | 3 | a file name is missing after "^"
a^^ | 3 | a file name is missing after "^"
@ | 1 | a group name is missing after "@"; write @GROUP or @*
a,@,b | 3 | a group name is missing after "@"
`);
});

describe('brackets and ranges', () => {
  failsAt(
    `
n[1-2 | 2 | this bracket is never closed; close it with "]"
n[ | 2 | this bracket is never closed
[ | 1 | this bracket is never closed
n[1, | 2 | this bracket is never closed
n[1-2,m[1-2] | 7 | "m" is no number
n1-2] | 5 | this "]" closes no bracket
] | 1 | this "]" closes no bracket
n[1-2]] | 7 | this "]" closes no bracket
n[[1]] | 3 | a bracket inside the one of column 2; ranges do not nest
n[1[2]] | 4 | a bracket inside
n[] | 3 | an empty range
n[ ] | 4 | an empty range
n[,1] | 3 | an empty range
n[1,] | 5 | an empty range
n[1,,2] | 5 | an empty range
n[1-] | 4 | the range has no end; write its last number after "-"
n[-3] | 3 | a range is two numbers without a sign
n[1-2-3] | 6 | a range is two numbers without a sign
n[1--3] | 5 | a range is two numbers without a sign
n[5-1] | 3 | the range 5-1 runs backwards; write [1-5]
web1,n[1-2,9-3] | 12 | the range 9-3 runs backwards; write [3-9]
n[1-3/0] | 3 | a step of 0 never ends
n[1/2] | 4 | a step stands after a range
n[1-3/2/2] | 8 | a step stands after a range
n[1-3/] | 6 | the step is missing
n[1-3/x] | 7 | "x" is no number
n[1:3] | 4 | [1:30] is the form of Ansible inventories
n[1..3] | 4 | 1..30 is the form of shells
n[a] | 3 | "a" is no number
n[a-f] | 3 | "a" is no number; a range counts in numbers
n[1-b] | 5 | "b" is no number
n[1 2] | 5 | two numbers with nothing between them; put "," or "-" there
n[1é] | 4 | "é" is no number
n[１] | 3 | "１" is no number
n[+1] | 3 | "+" is no number
`,
  );
});

describe('padding and sizes', () => {
  failsAt(`
node[01-3] | 6 | 01 and 3 are padded to different lengths; write [01-03] or [1-3]
node[1-03] | 6 | 1 and 03 are padded to different lengths; write [01-03] or [1-3]
node[010-1] | 6 | padded to different lengths
node[9-010] | 6 | 9 and 010 are padded to different lengths; write [009-010] or [9-10]
node[01-100] | 6 | 01 and 100 are padded to different lengths; write [001-100] or [1-100]
web1 node[01-10,1-09] | 17 | 1 and 09 are padded
n[9007199254740992] | 3 | the number 9007199254740992 is too large for a range
n[1-99999999999999999999] | 3 | the number 99999999999999999999 is too large
n[1-3/99999999999999999999] | 3 | too large
n[1-1000001] | 1 | more than 1000000 hosts; check the range, or raise the limit
n[1-9007199254740991] | 1 | more than 1000000 hosts
web1,r[1-1001]n[1-1000] | 6 | more than 1000000 hosts
n[1-1000][1-1000][1-2] | 1 | more than 1000000 hosts
@rack[1-1000001] | 1 | more than 1000000 hosts
`);
});

describe('users, ports and host names', () => {
  failsAt(String.raw`
@@web | 1 | no group "@web"
deploy@ | 8 | the host name is empty; write the host after the user
@web!deploy@ | 13 | the host name is empty
:22 | 1 | the host name is empty
web1: | 6 | the port is missing
web1:0 | 6 | "0" is no port; write a number from 1 to 65535
web1:65536 | 6 | "65536" is no port
web1:ssh | 6 | "ssh" is no port
db1,web1:+22 | 10 | "+22" is no port
web1:2.2 | 6 | "2.2" is no port
web1:[22-23] | 6 | a port takes no range
web1:2[2-3] | 6 | a port takes no range
u[1-2]@web1 | 7 | a user name takes no range
u@u[1-2]@web1 | 9 | a user name takes no range
deploy@@web | 1 | a group takes no user in an expression
-oProxyCommand=x | 1 | begins with "-", which ssh would take for an option
web1,-v | 6 | begins with "-"
-l@web1 | 1 | user name "-l" begins with "-"
u$(id)@web1 | 1 | user name "u$(id)" holds "$"
web1;id | 5 | holds ";"
web$x | 4 | holds "$"
$x[1-2] | 1 | holds "$"
n[1-2];id | 7 | holds ";"
web{1..3} | 4 | ranges are written web[1-3]
web'1' | 4 | holds "'"
web|db | 4 | holds "|"
(web1) | 1 | holds "("
web\1 | 4 | holds "\\"
`);
});

describe('addresses and URLs', () => {
  failsAt(
    `
fe80:::1 | 1 | is no IPv6 address
1:2:3 | 1 | "1:2:3" is no IPv6 address; with a port an address is written [2001:db8::1]:22
web1:22:22 | 1 | is no IPv6 address
2001:db8:0:0:0:0:0:1:22 | 1 | is no IPv6 address
fe80::[1-99999] | 1 | "fe80::99999" is no IPv6 address
fe80::g | 1 | is no IPv6 address
[::1 | 1 | this bracket is never closed
[::1]22 | 6 | after an address in brackets only a port may follow
[::1]: | 7 | the port is missing
[::1]:x | 7 | "x" is no port
[::1]:0 | 7 | "0" is no port
[::1]x[1-2] | 6 | after an address in brackets only a port may follow
[::1]:[1-2] | 7 | a port takes no range
[web:1] | 2 | "web:1" is no IPv6 address
[[1-2]] | 2 | is no IPv6 address; only those stand in brackets
ssh:// | 7 | the host name is empty
ssh://u@ | 9 | the host name is empty
ssh://web1:x | 12 | "x" is no port
ssh://web1/path | 1 | "web1/path" is no known name; a hosts file is written ^FILE
`,
  );
});

describe('names the context does not know', () => {
  const context = {
    group: () => undefined,
    groupNames: () => ['web', 'web-eu', 'db', 'cache', 'mail', 'dns', 'ntp'],
    names: () => ['web1', 'web2', 'db1'],
  };
  failsAt(
    `
@wbe | 1 | no group "wbe"; did you mean "web"?
@web-us | 1 | no group "web-us"; did you mean "web-eu"?
a,@zzzzzz | 3 | the groups are "web", "web-eu", "db", "cache", "mail" and 2 more
@rack[1-2] | 1 | no group "rack1"; the groups are
@x* | 1 | no group "x*"
wbe* | 1 | no name matches "wbe*"
xyz* | 1 | no name matches "xyz*"; the names are "web1", "web2", "db1"
db1*,web3? | 6 | no name matches "web3?"; did you mean "web1" or "web2"?
web[1-3]? | 1 | no name matches "web1?"
./hosts | 1 | "./hosts" is no known name; a hosts file is written ^FILE or given with --hostfile
web1,/etc/hosts | 6 | a hosts file is written ^FILE
10.0.0.0/24 | 1 | "10.0.0.0/24" is a network, not a host; write its addresses as a range
`,
    context,
  );
});

describe('without a context', () => {
  failsAt(`
@web | 1 | no group "web": no inventory with groups was given
@* | 1 | no group "*": no inventory with groups was given
^hosts | 1 | hosts file "hosts" can't be read from here
web* | 1 | nothing for "web*" to match: there is no inventory and no ssh_config alias
`);
});

describe('limits', () => {
  it('counts hosts, not repeats', () => {
    expect(evaluateExpression('a,b,a,b,a,b', { limit: 2 })).toHaveLength(2);
    expect(evaluateExpression('n[1-3],n[1-3]', { limit: 3 })).toHaveLength(3);
    expect(failure('a,b,c', { limit: 2 })?.message).toContain('more than 2 hosts');
    expect(failure('n[1-2],c', { limit: 2 })?.message).toContain('column 8 of "n[1-2],c": more than 2 hosts');
  });

  it('holds for groups and files too', () => {
    const hosts = ['a', 'b', 'c'].map((host) => ({ host, label: host, vars: {} }));
    expect(failure('@g', { limit: 2, group: () => hosts })?.message).toContain('more than 2 hosts');
    expect(failure('a^^f', { limit: 1, file: () => hosts })?.message).toContain('more than 1 hosts');
  });
});

describe('error lines', () => {
  it('names the input it was given', () => {
    expect(() => evaluateExpression('a,', {}, 'hosts.txt line 3')).toThrow(
      /^hosts\.txt line 3: column 2 of "a,": /,
    );
  });

  it('shows what stands around the column of a long text, control characters made visible', () => {
    const message = failure(`${'web1,'.repeat(100)}n[1-\u001b],${'web1,'.repeat(100)}`)?.message ?? '';
    expect(message).toContain('column 505 of "…');
    expect(message).toContain('n[1-\\u001b],web1');
    expect(message.length).toBeLessThan(200);
  });

  it('takes no white space into a name that is no blank', () => {
    expect(failure('web\u00a01')?.message).toContain(
      'column 4 of "web\u00a01": host name "web\u00a01" holds',
    );
  });

  it('counts columns in UTF-16 units', () => {
    expect(failure('😀,é,n[')?.message).toContain('column 7 of');
  });
});
