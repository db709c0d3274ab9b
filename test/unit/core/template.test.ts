import { expect, test } from 'vitest';
import { fillPath, fillTemplate, nearMiss, targetValues } from '../../../src/core/template.js';
import { makeTarget } from '../make.js';

const values = targetValues(
  makeTarget('web1', { index: 2, port: 2222, vars: { rack: 'r7', host: 'shadowed' } }),
  5,
  'deploy',
);

test.each([
  ['conf.{host}.ini', 'conf.web1.ini'],
  ['{user}@{host}:{port} {index}/{count} {rack}', 'deploy@web1:2222 2/5 r7'],
  ['{{host}} {{{host}}}', '{host} {web1}'],
  [`$${'{host}'} $${'{HOME}'}`, `$${'{host}'} $${'{HOME}'}`],
  ['{unknown} {} { host } {a,b} {Host}', '{unknown} {} { host } {a,b} {Host}'],
])('%s is %s', (template, text) => expect(fillTemplate(template, values)).toBe(text));

test('a value is not read as a template again', () => {
  expect(fillTemplate('{a}', { a: '{b}', b: 'x' })).toBe('{b}');
});

test.each(['../etc', 'a/b', '..', '.', '', 'nul\0'])('the value %j does not get into a path', (value) => {
  expect(() => fillPath('dir/{v}', { v: value })).toThrow(/can't stand in a path/);
});

test('a slip of the pen is told', () => {
  expect(nearMiss('{hots}', ['host', 'user'])).toBe('{hots} stays as it is; did you mean {host}?');
  expect(nearMiss('{host} {else}', ['host', 'user'])).toBe(null);
});
