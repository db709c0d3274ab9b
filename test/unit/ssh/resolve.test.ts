import { describe, expect, it } from 'vitest';
import { parseResolved } from '../../../src/ssh/resolve.js';

// A part of what `ssh -G web1` prints.
const TEXT = [
  'host web1',
  'user deploy',
  'hostname 10.0.0.1',
  'port 2222',
  'addkeystoagent false',
  'proxyjump me@bastion:22',
  'serveraliveinterval 30',
  'identityfile ~/.ssh/id rsa',
  'identityfile ~/.ssh/id_ed25519',
  'sendenv LANG',
  'sendenv LC_*',
  'ciphers a,b',
  '',
].join('\n');

describe('parseResolved', () => {
  it('reads what is asked for', () => {
    const { values, ...rest } = parseResolved(TEXT, 'web1');
    expect(rest).toEqual({
      hostname: '10.0.0.1',
      user: 'deploy',
      port: 2222,
      proxyJump: 'me@bastion:22',
      identityFiles: ['~/.ssh/id rsa', '~/.ssh/id_ed25519'],
      serverAliveInterval: 30,
    });
    expect(values.get('sendenv')).toEqual(['LANG', 'LC_*']);
    expect(values.get('ciphers')).toEqual(['a,b']);
    expect(values.size).toBe(10);
  });

  it('takes keywords in any case and values as they are', () => {
    expect(parseResolved('HostName Web1.Example\nremotecommand echo  a b\n', 'x').hostname).toBe(
      'Web1.Example',
    );
    expect(parseResolved('remotecommand echo  a b\n', 'x').values.get('remotecommand')).toEqual([
      'echo  a b',
    ]);
  });

  it('has an answer where ssh has none', () => {
    expect(parseResolved('nonsense\n\n lead\n', 'web1')).toEqual({
      hostname: 'web1',
      user: '',
      port: 22,
      proxyJump: null,
      identityFiles: [],
      serverAliveInterval: 0,
      values: new Map(),
    });
  });

  it('a jump of none is none', () => {
    expect(parseResolved('proxyjump none\n', 'x').proxyJump).toBeNull();
  });
});
