import { describe, expect, it } from 'vitest';
import { parseResolved } from '../../../src/ssh/resolve.js';
import { quickCiphers, saysAes, unsetOptions } from '../../../src/ssh/unset-options.js';

const OLD =
  'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com';
const NEW =
  'chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr';

describe('quickCiphers', () => {
  it.each([OLD, NEW])('puts the quickest of the same ciphers first: %s', (ciphers) => {
    const ours = quickCiphers(ciphers, true)?.split(',') ?? [];
    expect(ours[0]).toBe('aes256-gcm@openssh.com');
    expect([...ours].sort()).toEqual(ciphers.split(',').sort());
    expect(ours.slice(1)).toEqual(ciphers.split(',').filter((cipher) => cipher !== ours[0]));
  });

  it.each([
    ['chacha20-poly1305@openssh.com', 'one that somebody chose'],
    [`${OLD},aes256-cbc`, 'one more than usual'],
    ['aes128-gcm@openssh.com,chacha20-poly1305@openssh.com', 'an order of their own'],
    ['', 'an ssh that says nothing'],
  ])('leaves %j alone: %s', (ciphers) => expect(quickCiphers(ciphers, true)).toBeNull());

  it('does nothing on a processor without instructions for AES', () => {
    expect(quickCiphers(OLD, false)).toBeNull();
  });
});

describe('saysAes', () => {
  it.each([
    ['flags\t\t: fpu sse2 aes avx', true],
    ['Features\t: fp asimd aes pmull', true],
    ['processor\t: 0\nflags\t\t: fpu vaes sse2', false],
    ['Features\t: fp asimd evtstrm crc32 cpuid', false],
    ['model name\t: aes machine', false],
    ['', false],
  ])('%j: %s', (text, says) => expect(saysAes(text)).toBe(says));
});

describe('unsetOptions', () => {
  const resolved = (text: string) => parseResolved(text, 'web1');

  it('sets keep-alives where ssh_config sets none', () => {
    const options = ['ServerAliveInterval=15', 'ServerAliveCountMax=3'];
    expect(unsetOptions(resolved('serveraliveinterval 0\nciphers aes128-ctr'))).toEqual(options);
    expect(unsetOptions(resolved('serveraliveinterval 7\nciphers aes128-ctr'))).toEqual([]);
  });
});
