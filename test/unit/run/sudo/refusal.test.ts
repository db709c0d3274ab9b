import { expect, test } from 'vitest';
import { refusalOf, slowReason } from '../../../../src/run/sudo/refusal.js';

const DENIED = { begun: true, missing: false, answered: false, login: 'deploy', user: null };
const needs = /^sudo asks for a password; .*NOPASSWD rule for deploy$/;

test.each([
  ['sudo: a password is required\n', needs],
  ['sudo-rs: interactive authentication is required\n', needs],
  [
    'sudo: sorry, you must have a tty to run sudo\n',
    /^sudo there wants a terminal \(requiretty\); add --tty$/,
  ],
  ['sudo: unknown user: nobody1\n', /^sudo: there is no user "root" on the host$/],
  [
    'deploy is not in the sudoers file.\n',
    /^sudo does not let deploy run a shell as root; .*deploy ALL=\(root\) ALL$/,
  ],
  ['Sorry, user deploy is not allowed to execute /bin/sh as root on web1.\n', /^sudo does not let deploy/],
  ["sudo-rs: I'm sorry deploy. I'm afraid I can't do that\n", /^sudo does not let deploy/],
  [
    'sudo: /etc/sudo.conf is world writable\nsudo: no valid sudoers\n',
    /^sudo said "sudo: no valid sudoers"$/,
  ],
  ['', /^sudo ended without a word$/],
])('%j', (words, reason) => {
  expect(refusalOf({ ...DENIED, words }).reason).toMatch(reason);
});

test('what was told counts: a wrong password, or a right one that is no use', () => {
  const told = { ...DENIED, answered: true };
  expect(refusalOf({ ...told, words: 'Sorry, try again.\n\nsudo: no password was provided\n' })).toEqual({
    reason: 'the sudo password was not accepted',
    proven: false,
  });
  expect(refusalOf({ ...told, words: 'deploy is not in the sudoers file.\n' }).proven).toBe(true);
  expect(refusalOf({ ...DENIED, words: 'deploy is not in the sudoers file.\n' }).proven).toBe(false);
});

test('a host that has no sudo, and one that does not come as far', () => {
  expect(refusalOf({ ...DENIED, words: '', missing: true }).reason).toMatch(/^the host has no sudo/);
  expect(refusalOf({ ...DENIED, words: '', begun: false }).reason).toMatch(/forced command/);
});

test('a sudo that asks something else is given up with its words', () => {
  expect(slowReason(30, '', 'sudo')).toBe('sudo did not start the command within 30s');
  expect(slowReason(30, 'Hello\nVerification code: ', 'sudo')).toMatch(/30s; it said "Verification code:"$/);
  expect(slowReason(30, '', 'shell')).toBe('the shell that sudo started did not answer within 30s');
  expect(slowReason(30, '', 'login')).toBe('the host did not come as far as sudo within 30s');
});
