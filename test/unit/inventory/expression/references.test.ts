import { describe, expect, it } from 'vitest';
import { inventoryError } from '../../../../src/core/errors.js';
import {
  countExpression,
  type ExpressionContext,
  evaluateExpression,
  expressionFiles,
} from '../../../../src/inventory/expression.js';
import { expandsTo, failure, spec } from './table.js';

const groups: Record<string, string[]> = {
  web: ['web1', 'web2'],
  db: ['db1'],
  rack1: ['n1', 'n2'],
  rack2: ['n2', 'n3'],
  none: [],
  'local:web': ['l1'],
};
const files: Record<string, string[]> = {
  hosts: ['f1', 'f2'],
  './hosts': ['f3'],
  '/etc/pssh/hosts.txt': ['f4'],
  '-': ['in1'],
};
const context: ExpressionContext = {
  group: (name) => groups[name]?.map((host) => spec(host)),
  groupNames: () => Object.keys(groups),
  file: (path) => {
    const hosts = files[path];
    if (hosts === undefined) throw inventoryError(`no file ${path}`);
    return hosts.map((host) => spec(host));
  },
  names: () => ['web1', 'web2', 'web10', 'db1', 'bastion', 'org/box', 'fe80::1'],
};

describe('groups', () => {
  expandsTo(
    `
@web | web1 web2
@web,@db | web1 web2 db1
@web @db | web1 web2 db1
@web,web1 | web1 web2
web9,@web | web9 web1 web2
@web!web1 | web2
@web&web1 | web1
@web^web1 | web2
n1!@rack1 | (none)
n[1-3]&@rack2 | n2 n3
@rack1,@rack2 | n1 n2 n3
@rack[1-2] | n1 n2 n3
@rack[1-2]!n2 | n1 n3
@rack* | n1 n2 n3
@*1 | n1 n2
@we? | web1 web2
@none | (none)
@none,web1 | web1
@local:web | l1
@* | web1 web2 db1 n1 n2 n3 l1
@*!@web | db1 n1 n2 n3 l1
`,
    context,
  );

  it('asks the inventory for @* first, which may have hosts in no group', () => {
    const group = (name: string) => (name === '*' ? [spec('lonely')] : undefined);
    expect(evaluateExpression('@*', { ...context, group })).toEqual([spec('lonely')]);
  });
});

describe('files', () => {
  expandsTo(
    `
^hosts | f1 f2
^./hosts | f3
^/etc/pssh/hosts.txt | f4
^- | in1
web1,^hosts | web1 f1 f2
web1 ^hosts | web1 f1 f2
web1 , ^hosts | web1 f1 f2
^hosts,^./hosts | f1 f2 f3
^hosts ^./hosts | f1 f2 f3
^hosts!f1 | f2
f1!^hosts | (none)
f[1-3]&^hosts | f1 f2
^hosts^^./hosts | f1 f2 f3
^hosts^f1 | f2
f1^^hosts | f2
f1 ^ ^hosts | f2
`,
    context,
  );

  it('keeps the error of the file', () => {
    expect(failure('web1,^nowhere', context)?.message).toBe('no file nowhere');
  });

  it('lists each path once, without reading', () => {
    expect(expressionFiles('^a,b ^c!^a & ^./d/e')).toEqual(['a', 'c', './d/e']);
    expect(expressionFiles('a^b, n[1-9] @c')).toEqual([]);
  });
});

describe('wildcards', () => {
  expandsTo(
    `
web* | web1 web2 web10
web? | web1 web2
w*1 | web1
*1 | web1 db1 fe80::1
?b1 | db1
web*,db* | web1 web2 web10 db1
web*!web1 | web2 web10
web[1-2]* | web1 web10 web2
deploy@web? | deploy@web1 deploy@web2
deploy@web?:22 | deploy@web1:22 deploy@web2:22
*stion | bastion
b*s*n | bastion
web** | web1 web2 web10
`,
    context,
  );
});

describe('slashes', () => {
  expandsTo(
    `
org/box | org/box
deploy@org/box | deploy@org/box
web1,org/box | web1 org/box
`,
    context,
  );
});

describe('lookup', () => {
  const vars = { rack: 'r1' };
  const known = spec('10.0.0.1', { user: 'root', port: 22, label: 'web1', vars });
  const lookup = (name: string) => (name === 'web1' ? known : undefined);

  it('gives a name what the inventory has for it', () => {
    expect(evaluateExpression('web1,web2', { lookup })).toEqual([known, spec('web2')]);
    expect(evaluateExpression('web[1-2]', { lookup })).toEqual([known, spec('web2')]);
  });

  it('lets what is written win over the inventory', () => {
    expect(evaluateExpression('deploy@web1:2222', { lookup })).toEqual([
      { host: '10.0.0.1', user: 'deploy', port: 2222, label: 'deploy@web1:2222', vars },
    ]);
  });

  it('drops a machine known by two names', () => {
    expect(evaluateExpression('a,b', { lookup: () => known })).toEqual([known]);
    expect(evaluateExpression('n[1-3]', { lookup: () => known })).toEqual([known]);
    expect(countExpression('n[1-3]', { lookup: () => known })).toBe(1);
  });

  it('is not asked for a large range that no known name is in', () => {
    let asked = 0;
    const count = (names: string[]) => {
      asked = 0;
      return countExpression('n[1-5000].eu', {
        names: () => names,
        lookup: () => {
          asked += 1;
          return undefined;
        },
      });
    };
    expect([count(['web1', 'n7', 'x.eu']), asked]).toEqual([5000, 0]);
    expect([count(['n7.eu']), asked]).toEqual([5000, 5000]);
  });
});

describe('countExpression', () => {
  it.each([
    ['n[1-1000000]', 1_000_000],
    ['n[1-10/3]', 4],
    ['r[1-20]n[1-30]', 600],
    ['n[1,11][1,11]', 3],
    ['n[1-3,2-5]', 5],
    ['a,a,b', 2],
    ['n[1-9]!n[2-9]', 1],
    ['a!a', 0],
  ])('%s has %i', (text, count) => {
    expect(countExpression(text)).toBe(count);
  });
});
