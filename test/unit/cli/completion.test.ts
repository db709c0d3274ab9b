import { expect, test } from 'vitest';
import { hostPart } from '../../../src/cli/completion/host-part.js';
import { unquote } from '../../../src/cli/completion/unquote.js';

test.each<[string, string, string]>([
  ['', 'name', ''],
  ['web', 'name', 'web'],
  ['web1,db', 'name', 'db'],
  ['web1 db', 'name', 'db'],
  ['web1!db', 'name', 'db'],
  ['@web&db', 'name', 'db'],
  ['web[1,2],db', 'name', 'db'],
  ['web[1,', 'none', 'web[1,'],
  ['web[1-3]', 'none', 'web[1-3]'],
  ['deploy@we', 'name', 'we'],
  ['ssh://deploy@we', 'name', 'we'],
  ['a,@we', 'group', '@we'],
  ['^ho', 'file', 'ho'],
  ['a,^ho', 'file', 'ho'],
  ['a^ho', 'name', 'ho'],
  ['^ho,we', 'name', 'we'],
  ['./a,b', 'file', './a,b'],
  ['~/a', 'file', '~/a'],
])('of the expression %j a %s is typed: %j', (text, kind, typed) => {
  const part = hostPart(text);
  expect([part.kind, text.slice(part.start)]).toEqual([kind, typed]);
});

test('the items before it are known', () => {
  expect([...hostPart('a,b!c').others]).toEqual(['a', 'b']);
});

test.each<[string, string, number | null]>([
  ['plain', 'plain', null],
  ["'a b'", 'a b', null],
  ["x'a b", 'xa b', 1],
  ['"a\\"b', 'a"b', 0],
  ["'a\\", 'a\\', 0],
  ['a\\ b', 'a b', null],
])('the quotes of %j', (word, text, openAt) => {
  expect(unquote(word)).toEqual({ text, openAt });
});
