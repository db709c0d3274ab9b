import { describe, expect, it } from 'vitest';
import { jumpText, parseJump } from '../../../src/core/jump.js';

describe('parseJump', () => {
  it.each([
    ['bastion', [{ host: 'bastion' }]],
    ['me@b1:22,b2', [{ host: 'b1', user: 'me', port: 22 }, { host: 'b2' }]],
    ['ssh://me@b:2222/', [{ host: 'b', user: 'me', port: 2222 }]],
    ['[2001:db8::1]:22', [{ host: '2001:db8::1', port: 22 }]],
    ['me@corp.com@b', [{ host: 'b', user: 'me@corp.com' }]],
    ['[10.0.0.1]', [{ host: '10.0.0.1' }]],
  ])('reads %s', (text, hosts) => {
    expect(parseJump(text)).toEqual(hosts);
  });

  it.each([
    ['', /empty/],
    ['a,,b', /empty/],
    ['2001:db8::1', /is no port|is no host/],
    ['a:0', /no port/],
    ['a,-oProxyCommand=id', /begins with "-"/],
    ['a;b@c', /user name/],
    ['$(id)', /holds/],
  ])('refuses %j', (text, fault) => {
    expect(parseJump(text)).toEqual({ fault: expect.stringMatching(fault) });
  });
});

describe('jumpText', () => {
  it.each(['bastion', 'me@b1:22', '[2001:db8::1]:22', '[::1]'])('writes %s as it was read', (text) => {
    const hosts = parseJump(text);
    expect('fault' in hosts ? hosts : hosts.map(jumpText)).toEqual([text]);
  });
});
