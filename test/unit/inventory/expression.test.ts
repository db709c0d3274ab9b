import { describe, expect, it } from 'vitest';
import { evaluateExpression, expressionFiles } from '../../../src/inventory/expression.js';

const labels = (text: string): string =>
  evaluateExpression(text)
    .map(({ label }) => label)
    .join(' ');

describe('evaluateExpression', () => {
  it.each([
    ['web1', 'web1'],
    ['web1,db1 x', 'web1 db1 x'],
    ['n[1-3,7]', 'n1 n2 n3 n7'],
    ['n[1-2][3-4]', 'n13 n14 n23 n24'],
    ['a^b&b', 'b'],
    ['a,b,c!b', 'a c'],
    ['deploy@web[1-2]:2222', 'deploy@web1:2222 deploy@web2:2222'],
    ['[2001:db8::1]:22', '[2001:db8::1]:22'],
    ['fe80::[1-2]', 'fe80::1 fe80::2'],
    ['[fe80::[1-2]]:22 [::1]', '[fe80::1]:22 [fe80::2]:22 [::1]'],
    ['ssh://u@h:22', 'ssh://u@h:22'],
  ])('%s', (text, expected) => {
    expect(labels(text)).toBe(expected);
  });

  it('takes user and port from around a range', () => {
    expect(evaluateExpression('deploy@web[1-2]:2222')[1]).toEqual({
      host: 'web2',
      user: 'deploy',
      port: 2222,
      label: 'deploy@web2:2222',
      vars: {},
    });
  });

  it('asks the context for groups, files, names and specs', () => {
    const spec = (host: string) => ({ host, label: host, vars: {} });
    const context = {
      group: (name: string) => (name === 'web' ? [spec('w1'), spec('w2')] : undefined),
      groupNames: () => ['web'],
      file: (path: string) => [spec(`in-${path}`)],
      names: () => ['w1', 'x1'],
      lookup: (name: string) =>
        name === 'x1' ? { ...spec('10.0.0.1'), user: 'root', label: 'x1' } : undefined,
    };
    const hosts = evaluateExpression('@web!w1, ^f x*', context);
    expect(hosts.map(({ host }) => host)).toEqual(['w2', 'in-f', '10.0.0.1']);
    expect(() => evaluateExpression('@wep', context)).toThrow('did you mean "web"?');
  });

  it('names column, text and mend', () => {
    expect(() => evaluateExpression('web1,node[01-3]')).toThrow(
      'host expression: column 11 of "web1,node[01-3]": 01 and 3 are padded to different lengths; write [01-03] or [1-3]',
    );
  });
});

it('expressionFiles lists each path once', () => {
  expect(expressionFiles('^a,b ^c!^a')).toEqual(['a', 'c']);
});
