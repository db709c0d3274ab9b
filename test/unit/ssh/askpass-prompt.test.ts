import { describe, expect, it } from 'vitest';
import { questionOf } from '../../../src/ssh/askpass-prompt.js';

const by = { user: 'me', hosts: ['web1.example.com', 'alias'] };
const ask = (text: string, kind = '') => questionOf({ text, kind }, by);

describe('questionOf', () => {
  it.each([
    "me@web1.example.com's password: ",
    "me@WEB1.example.com's password: ",
    "me@alias's password: ",
    '(me@web1.example.com) Password: ',
    '(me@web1.example.com) Password:',
    '(me@alias) password for me@alias: ',
    '(me@web1.example.com) Password for me:',
  ])('takes %j for the password of this login', (text) => expect(ask(text)).toBe('password'));

  it.each([
    "me@bastion's password: ",
    "you@web1.example.com's password: ",
    "me@web1.example.com's password: x",
    " me@web1.example.com's password: ",
    "me@web1.example.com's old password: ",
    "Enter me@web1.example.com's new password: ",
    'Password: ',
    '(me@bastion) Password: ',
    '(you@web1.example.com) Password: ',
    '(me@web1.example.com) Verification code: ',
    '(me@web1.example.com) New password: ',
    '(me@web1.example.com) Password and code: ',
    // A server's words, whatever they resemble.
    "(me@web1.example.com) Enter passphrase for key '/home/me/.ssh/id': ",
    '(me@web1.example.com) Are you sure (yes/no)? ',
    "(me@web1.example.com) me@web1.example.com's password: ",
    'Enter PIN for ED25519-SK key /home/me/.ssh/id: ',
    "Enter PIN for 'token': ",
    "Enter passphrase for key '/a': \nEnter passphrase for key '/b': ",
    '',
  ])('answers %j to nobody', (text) => expect(ask(text)).toBe('unknown'));

  it("knows ssh's own other questions", () => {
    expect(ask("Enter passphrase for key '/home/me/.ssh/it's': ")).toBe('passphrase');
    const unknown =
      "The authenticity of host 'web1' can't be established.\nAre you sure you want to continue";
    expect(ask(`${unknown} connecting (yes/no/[fingerprint])? `)).toBe('confirm');
    expect(ask("Please type 'yes', 'no' or the fingerprint: ")).toBe('confirm');
    expect(ask('Accept updated hostkeys? (yes/no): ')).toBe('confirm');
    expect(ask('Allow use of key?', 'confirm')).toBe('confirm');
    expect(ask('Confirm user presence for key', 'none')).toBe('notice');
  });

  it('cuts long names as ssh does', () => {
    const user = 'u'.repeat(40);
    const host = 'h'.repeat(140);
    const text = `${user.slice(0, 30)}@${host.slice(0, 128)}'s password: `;
    expect(questionOf({ text, kind: '' }, { user, hosts: [host] })).toBe('password');
  });
});
