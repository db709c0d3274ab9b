import { expect, test } from 'vitest';
import { sudoUserFault } from '../../../src/core/sudo.js';

test.each(['root', 'postgres', '#1000', 'svc_a-b.c', 'DOMAIN\\user', "o'neil"])(
  '%s can be asked for',
  (user) => {
    expect(sudoUserFault(user)).toBeNull();
  },
);

test.each([
  ['', 'the user name is empty'],
  ['-u', 'user name "-u" begins with "-", which sudo would take for an option'],
  ['--', 'user name "--" begins with "-", which sudo would take for an option'],
  ['a b', 'user name "a b" holds " "'],
  ['a\nb', 'user name "a\\nb" holds "\\n"'],
  ['a\u0000', 'user name "a\\u0000" holds "\\u0000"'],
  ['a\u009b', 'user name "a\\u009b" holds "\\u009b"'],
  ['a:b', 'user name "a:b" holds ":"'],
])('%j is refused', (user, fault) => {
  expect(sudoUserFault(user)).toBe(fault);
});
