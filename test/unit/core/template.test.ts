import { describe, expect, test } from 'vitest';
import {
  checkTemplate,
  fillCommand,
  fillPath,
  fillTemplate,
  fillWord,
  nearMiss,
  targetValues,
} from '../../../src/core/template.js';
import { makeTarget } from '../make.js';

const values = targetValues(
  makeTarget('web1', { index: 2, port: 2222, vars: { rack: 'r7', host: 'shadowed' } }),
  5,
  'deploy',
);

test.each([
  ['conf.{host}.ini', 'conf.web1.ini'],
  ['{user}@{host}:{port} {index}/{count} {rack}', 'deploy@web1:2222 2/5 r7'],
  ['{{host}} {{{host}}} {{=host}} {{{=host}}}', '{host} {web1} {=host} {web1}'],
  ['{{.State}} {{unknown}} {{ host }} {{{.}}}', '{{.State}} {{unknown}} {{ host }} {{{.}}}'],
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

describe('a command', () => {
  const of = (template: string, more: Readonly<Record<string, string>>) =>
    fillCommand(template, { ...values, ...more }, 'web1');

  test.each([
    ['./compute {range}', { range: '1-30' }, './compute 1-30'],
    ['echo {v}', { v: "it's" }, `echo 'it'\\''s'`],
    ['echo {v}', { v: '' }, "echo ''"],
    ['echo {=v}', { v: '$HOME; id' }, 'echo $HOME; id'],
    ["awk '{print $1}' {v}", { v: 'a b' }, "awk '{print $1}' 'a b'"],
    ["docker ps --format '{{.State}}' {host}", {}, "docker ps --format '{{.State}}' web1"],
    ['echo "{host} is number {index}"', {}, 'echo "web1 is number 2"'],
    ['echo "$(cat {v})"', { v: 'a b' }, `echo "$(cat 'a b')"`],
    [`echo "it's" {v}`, { v: 'a b' }, `echo "it's" 'a b'`],
    [`echo it\\'s {v}`, { v: 'a b' }, `echo it\\'s 'a b'`],
  ])('%s with %j', (template, more, text) => expect(of(template, more)).toBe(text));

  test.each(['echo "{v}"', "echo '{v}'", 'echo `cat {v}`', 'sh -c "cd / && ls {v}"'])(
    '%s does not set a value free',
    (template) => {
      expect(() => of(template, { v: '$(reboot)' })).toThrow(
        /stands within quotes, and "\$\(reboot\)" of web1/,
      );
      expect(of(template, { v: 'plain-1.0' })).toBe(template.replace('{v}', 'plain-1.0'));
    },
  );

  test('what has no form that all shells read is refused, with the name', () => {
    expect(() => of('echo {v}', { v: 'a\nb' })).toThrow(/^\{v\} of web1: "a\\nb" holds a newline/);
  });

  test.each(['user', 'port'])('{%s} that nobody gave is refused: ssh decides it', (name) => {
    expect(() => of(`echo {${name}}`, { [name]: '' })).toThrow(/web1 is given none, so that ssh decides it/);
    expect(() => fillWord(`{${name}}`, { [name]: '' }, 'web1')).toThrow(/write it as/);
  });
});

describe('a look at a template', () => {
  const hosts = [
    { host: 'a', values: { host: 'a', role: 'db' } },
    { host: 'b', values: { host: 'b' } },
  ];

  test('a name that only some hosts know is refused, naming one that does not', () => {
    expect(() => checkTemplate('echo {role}', hosts)).toThrow(
      /^\{role\}: .* no such variable for b; .*\{\{role\}\}/,
    );
  });

  test('a slip is told, and a share without --split', () => {
    expect(checkTemplate('echo {hots}', hosts)).toMatch(/did you mean \{host\}/);
    expect(checkTemplate('echo {range}', hosts)).toMatch(/--split gives it a value/);
    expect(checkTemplate('echo {host} {print}', hosts)).toBe(null);
  });
});

test('in a path {=name} may lead to another folder, but not be nothing', () => {
  expect(fillPath('{=root}/app.ini', { root: '/srv/www' })).toBe('/srv/www/app.ini');
  expect(() => fillPath('{=root}/app.ini', { root: '' })).toThrow(/can't stand in a path/);
});
