import { describe } from 'vitest';
import { expandsTo, parts } from './table.js';

describe('labels keep user and port as written', () => {
  expandsTo(`
deploy@web1 | deploy@web1
web1:2222 | web1:2222
deploy@web1:2222 | deploy@web1:2222
deploy@web[1-2]:2222 | deploy@web1:2222 deploy@web2:2222
web[1-2]:2222 | web1:2222 web2:2222
deploy@web[1-2] | deploy@web1 deploy@web2
web1:022 | web1:022
ssh://web1 | ssh://web1
ssh://deploy@web1:22 | ssh://deploy@web1:22
ssh://web[1-2]:22 | ssh://web1:22 ssh://web2:22
[::1]:22 | [::1]:22
[::1] | [::1]
[fe80::[1-2]]:22 | [fe80::1]:22 [fe80::2]:22
`);
});

describe('user and port', () => {
  expandsTo(
    String.raw`
web1 | web1/-/-
deploy@web1 | web1/deploy/-
web1:2222 | web1/-/2222
deploy@web1:2222 | web1/deploy/2222
web1:1 | web1/-/1
web1:65535 | web1/-/65535
web1:022 | web1/-/22
deploy@10.0.0.1:22 | 10.0.0.1/deploy/22
deploy@web1.example.com:22 | web1.example.com/deploy/22
# they belong to the item, or to the whole range
deploy@web1,web2 | web1/deploy/- web2/-/-
web1,web2:22 | web1/-/- web2/-/22
deploy@web1,root@db1:22 | web1/deploy/- db1/root/22
deploy@web[1-2] | web1/deploy/- web2/deploy/-
web[1-2]:22 | web1/-/22 web2/-/22
deploy@web[1-2]:22 | web1/deploy/22 web2/deploy/22
deploy@web[1-2].eu:22 | web1.eu/deploy/22 web2.eu/deploy/22
deploy@r[1-2]n[1-2] | r1n1/deploy/- r1n2/deploy/- r2n1/deploy/- r2n2/deploy/-
deploy@[1-2]:22 | 1/deploy/22 2/deploy/22
deploy@10.0.0.[1-2]:22 | 10.0.0.1/deploy/22 10.0.0.2/deploy/22
# the last @ ends the user
me@corp.example@web1 | web1/me@corp.example/-
first.last@web1 | web1/first.last/-
a-b_c@web1 | web1/a-b_c/-
CORP\me@web1 | web1/CORP\me/-
u1@web1 | web1/u1/-
# the same host as another login is another target
root@web1,deploy@web1 | web1/root/- web1/deploy/-
web1,web1:22 | web1/-/- web1/-/22
root@web1,root@web1 | web1/root/-
web1:22,web1:22 | web1/-/22
web1:22,web1:022 | web1/-/22
web1:22,ssh://web1:22 | web1/-/22
ssh://web1 | web1/-/-
ssh://web1/ | web1/-/-
ssh://web1:22/ | web1/-/22
ssh://deploy@web1 | web1/deploy/-
ssh://deploy@web1:22 | web1/deploy/22
SSH://web1:22 | web1/-/22
ssh://deploy@web[1-2]:22 | web1/deploy/22 web2/deploy/22
ssh://deploy@[::1]:22 | ::1/deploy/22
ssh://[::1] | ::1/-/-
ssh://[::1]/ | ::1/-/-
ssh://me%40corp@web1 | web1/me@corp/-
`,
    {},
    parts,
  );
});

describe('IPv6 addresses', () => {
  expandsTo(
    `
fe80::1 | fe80::1/-/-
::1 | ::1/-/-
:: | ::/-/-
2001:db8::1 | 2001:db8::1/-/-
2001:db8:0:0:0:0:0:1 | 2001:db8:0:0:0:0:0:1/-/-
2001:DB8::A | 2001:DB8::A/-/-
::ffff:10.0.0.1 | ::ffff:10.0.0.1/-/-
fe80::1%eth0 | fe80::1%eth0/-/-
fe80::1,fe80::2 | fe80::1/-/- fe80::2/-/-
::1 ::2 | ::1/-/- ::2/-/-
deploy@fe80::1 | fe80::1/deploy/-
[::1] | ::1/-/-
[::1]:22 | ::1/-/22
[2001:db8::1]:22 | 2001:db8::1/-/22
[fe80::1%eth0]:22 | fe80::1%eth0/-/22
deploy@[::1] | ::1/deploy/-
deploy@[::1]:22 | ::1/deploy/22
[::ffff:10.0.0.1]:22 | ::ffff:10.0.0.1/-/22
[::1],[::2]:22 web1 | ::1/-/- ::2/-/22 web1/-/-
::1,[::1] | ::1/-/-
fe80::[1-2] | fe80::1/-/- fe80::2/-/-
fe80::[01-02] | fe80::01/-/- fe80::02/-/-
2001:db8:[1-2]::1 | 2001:db8:1::1/-/- 2001:db8:2::1/-/-
[1-2]::1 | 1::1/-/- 2::1/-/-
[fe80::[1-2]] | fe80::1/-/- fe80::2/-/-
[fe80::[1-2]]:22 | fe80::1/-/22 fe80::2/-/22
[[1-2]::1]:22 | 1::1/-/22 2::1/-/22
deploy@[fe80::[1-2]]:22 | fe80::1/deploy/22 fe80::2/deploy/22
# a bracket with a colon is an address, one without is a range
[1-2]:22 | 1/-/22 2/-/22
[12]:22 | 12/-/22
`,
    {},
    parts,
  );
});
