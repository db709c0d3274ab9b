import { describe, expect, it } from 'vitest';
import { numberTargets } from '../../../../src/core/target.js';
import { evaluateExpression, excludeTargets } from '../../../../src/inventory/expression.js';
import { expandsTo, label, spec } from './table.js';

describe('difference', () => {
  expandsTo(`
a!b | a
a!a | (none)
a,b!b | a
a,b!a | b
n[1-5]!n3 | n1 n2 n4 n5
n[1-5]!n[2-4] | n1 n5
n[1-3]!m[1-3] | n1 n2 n3
n[1-5]!n[1-5] | (none)
n[1-5]!n[1-2]!n5 | n3 n4
n[5,3,1]!n3 | n5 n1
n[01-03]!n[1-3] | n01 n02 n03
r[1-2]n[1-2]!r1n2 | r1n1 r2n1 r2n2
a ! b | a
a! b | a
a !b | a
a b!b | a
web[1-3].eu!web2.eu | web1.eu web3.eu
`);
});

describe('intersection', () => {
  expandsTo(`
a&b | (none)
a&a | a
a,b&b | b
a,b,c&b,c | b c
n[1-5]&n[3-7] | n3 n4 n5
n[5,4,3]&n[1-4] | n4 n3
n[1-9]&n[2-8]&n[3-7/2] | n3 n5 n7
n[1-3]&n[01-03] | (none)
a & b | (none)
a &a | a
a& a | a
r[1-2]n[1-2]&r2n[1-9] | r2n1 r2n2
`);
});

describe('either but not both', () => {
  expandsTo(`
a^b | a b
a^a | (none)
a,b^b,c | a c
n[1-3]^n[2-4] | n1 n4
n[3,2,1]^n[4,2] | n3 n1 n4
a^b^c | a b c
a^b^a | b
a ^ b | a b
a^ b | a b
a,b ^ b | a
n[1-4]^n[1-4] | (none)
`);
});

describe('from left to right, without precedence', () => {
  expandsTo(`
a^b&b | b
a,b,c&b | b
a&b,c | c
a!b,b | a b
a,b!b,b | a b
a!b,c | a c
a,b!a,c | b c
n[1-10]&n[3-5]^n4 | n3 n5
n[1-10]!n[3-5]&n[4-6] | n6
n[1-3]!n2,n2 | n1 n3 n2
n[1-3],m1!n1!m1 | n2 n3
n[1-3],m1!n1 m1 | n2 n3 m1
a b&b c | b c
n[1-9]^n[1-5]^n3 | n6 n7 n8 n9 n3
n[1-3]&n2,n1!n2 | n1
a!a,a | a
`);
});

describe('an item without a login names the host under any', () => {
  expandsTo(`
deploy@web1!web1 | (none)
web1:22!web1 | (none)
deploy@web[1-3]:22!web2 | deploy@web1:22 deploy@web3:22
root@web1,deploy@web1!web1 | (none)
deploy@web1&web1 | deploy@web1
deploy@web[1-3]&web[2-9] | deploy@web2 deploy@web3
# one with a login names that login alone
web1!deploy@web1 | web1
root@web1,deploy@web1!root@web1 | deploy@web1
root@web1,deploy@web1&root@web1 | root@web1
web1&deploy@web1 | (none)
web1,web1:22!web1:22 | web1
deploy@web1:22!deploy@web1 | (none)
deploy@web1:22!web1:22 | (none)
deploy@web1:22!deploy@web1:23 | deploy@web1:22
deploy@web1:22!root@web1:22 | deploy@web1:22
deploy@web1:22!ssh://deploy@web1:22 | (none)
[::1]:22!::1 | (none)
[::1]:22![::1]:23 | [::1]:22
# A^B is A!B and B!A
deploy@web1^web1 | web1
deploy@web1^root@web1 | deploy@web1 root@web1
`);
});

describe("an inventory's login is not a written one", () => {
  const web = spec('web1', { user: 'admin', port: 2222 });
  const context = {
    lookup: (name: string) => (name === 'web1' ? web : undefined),
    group: (name: string) => (name === 'web' ? [web] : undefined),
  };
  expandsTo(
    `
web1!web1 | (none)
@web!web1 | (none)
deploy@web1!@web | (none)
deploy@web1!web1 | (none)
web1!admin@web1 | (none)
web1!root@web1 | web1
web1!web1:2222 | (none)
`,
    context,
    label,
  );
});

describe('excludeTargets', () => {
  it('takes away as A!B does, and keeps what else a target has', () => {
    const targets = numberTargets(evaluateExpression('web1,deploy@web2,web3'));
    expect(excludeTargets(targets, evaluateExpression('web[2-9]'))).toEqual([targets[0]]);
  });
});
