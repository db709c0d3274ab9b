import { describe, expect, it } from 'vitest';
import { hostNameFault, parsePort, shownNameFault, userNameFault } from '../../../src/core/host-name.js';

const SHELL_CHARACTERS = [...`'"\`$\\;&<>|(){}`];
const INVISIBLE = ['\0', '\t', '\n', '\r', ' ', '\u001b', '\u007f', '\u0085', '\u00a0', '\u2028', '\u2029'];
const TURNING = ['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069'];

describe('hostNameFault', () => {
  it.each([
    'web1',
    'web1.example.com',
    '10.0.0.1',
    '2001:db8::1',
    'fe80::1%eth0',
    'my_alias',
    'münchen',
    'a-b',
    'x'.repeat(1025),
  ])('takes %s', (host) => {
    expect(hostNameFault(host)).toBeNull();
  });

  it.each([...SHELL_CHARACTERS, ...INVISIBLE, ...TURNING])(
    'refuses a name with %j (CVE-2023-51385)',
    (character) => {
      const fault = hostNameFault(`web${character}1`);
      expect(fault).toMatch(/^host name ".*" holds "/);
      // It goes into one line of a message.
      expect(fault).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    },
  );

  it.each(['-oProxyCommand=id', '-', '--'])('refuses %j, which ssh would take for an option', (host) => {
    expect(hostNameFault(host)).toContain('begins with "-"');
  });

  it('refuses the empty and the endless', () => {
    expect(hostNameFault('')).toBe('the host name is empty');
    expect(hostNameFault('x'.repeat(1026))).toContain('longer than 1025');
  });
});

describe('userNameFault', () => {
  it.each(['root', 'me@corp', 'DOMAIN\\me', 'a.b-c_d', 'jürgen'])('takes %s', (user) => {
    expect(userNameFault(user)).toBeNull();
  });

  it.each([...SHELL_CHARACTERS.filter((character) => character !== '\\'), ...INVISIBLE])(
    'refuses a name with %j',
    (character) => {
      expect(userNameFault(`ro${character}ot`)).toMatch(/^user name ".*" holds "/);
    },
  );

  it('refuses an option and the empty', () => {
    expect(userNameFault('-l')).toContain('begins with "-"');
    expect(userNameFault('')).toBe('the user name is empty');
  });
});

describe('shownNameFault', () => {
  it.each(['web1', 'db (primary)', "it's", '$HOME', 'a;b', 'münchen', 'x - y'])('takes %s', (name) => {
    expect(shownNameFault(name)).toBeNull();
  });

  it.each(['\0', '\t', '\n', '\r', '\u001b', '\u007f', '\u0085', '\u2028', '\u2029', ...TURNING])(
    'refuses %j, which would begin a line or move others',
    (character) => {
      const fault = shownNameFault(`we${character}b`);
      expect(fault).toMatch(/^the name ".*" holds "/);
      expect(fault).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    },
  );

  it('refuses what a list of hosts would hand on as an option', () => {
    expect(shownNameFault('-oProxyCommand=id')).toContain('begins with "-"');
  });
});

describe('parsePort', () => {
  it.each<[string, number | null]>([
    ['1', 1],
    ['22', 22],
    ['00022', 22],
    ['65535', 65535],
    ['0', null],
    ['65536', null],
    ['99999', null],
    ['000022', null],
    ['', null],
    [' 22', null],
    ['+22', null],
    ['-1', null],
    ['22.0', null],
    ['0x16', null],
    ['ssh', null],
  ])('%j is %j', (text, port) => {
    expect(parsePort(text)).toBe(port);
  });
});
