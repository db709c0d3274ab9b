import { describe, expect, it } from 'vitest';
import { scanSshConfig } from '../../../src/core/ssh-config.js';
import { matchHostPatterns, matchPattern } from '../../../src/core/ssh-pattern.js';

describe('scanSshConfig', () => {
  it.each<[string, string, string[]]>([
    ['Host web1', 'host', ['web1']],
    ['HOST\tweb1 \t web2', 'host', ['web1', 'web2']],
    ['host=web1', 'host', ['web1']],
    ['Host = web1', 'host', ['web1']],
    ['Host  =web1', 'host', ['web1']],
    ['Host==web1', 'host', ['=web1']],
    ['  Host web1\r', 'host', ['web1']],
    ['Host web1 \f', 'host', ['web1']],
    ['Host "a b" c', 'host', ['a b', 'c']],
    ["Host 'a b'c", 'host', ['a bc']],
    ['Host a\\ b', 'host', ['a b']],
    ['Host "a\\ b"', 'host', ['a\\ b']],
    ['Host "a\\"b" \\\\ \\x', 'host', ['a"b', '\\', '\\x']],
    ['Host web1 # and more', 'host', ['web1']],
    ['Host web1#2 "#3" #4', 'host', ['web1#2', '#3']],
    ['Host ""', 'host', ['']],
    ['ProxyCommand=ssh -W %h:%p x=y', 'proxycommand', ['ssh', '-W', '%h:%p', 'x=y']],
  ])('%j', (text, keyword, args) => {
    expect(scanSshConfig(text)).toEqual([{ keyword, args, line: 1 }]);
  });

  it.each(['', '   ', '# Host a', '\t#x', '\r'])('passes over %j', (text) => {
    expect(scanSshConfig(text)).toEqual([]);
  });

  it('counts lines and keeps what ssh would refuse', () => {
    expect(scanSshConfig('# c\r\nHost\r\n\r\nHost "a\r\n')).toEqual([
      { keyword: 'host', args: [], line: 2, fault: 'no argument after keyword "host"' },
      { keyword: 'host', args: [], line: 4, fault: 'invalid quotes' },
    ]);
  });
});

describe('matchPattern', () => {
  it.each<[string, string, boolean]>([
    ['web1', 'web1', true],
    ['web1', 'Web1', false],
    ['web1', 'web?', true],
    ['web', 'web?', false],
    ['web1', '*', true],
    ['', '*', true],
    ['web1.eu', 'web*.eu', true],
    ['web1.eu.x', 'web*.eu', false],
    ['aXbXc', 'a*b*c', true],
    ['web', '', false],
  ])('%s with %s: %s', (name, pattern, expected) => {
    expect(matchPattern(name, pattern)).toBe(expected);
  });

  it('does not blow up on hostile patterns', () => {
    expect(matchPattern('a'.repeat(5000), `${'a*'.repeat(500)}b`)).toBe(false);
  });

  it('lets a negation win over every match of its line', () => {
    expect(matchHostPatterns('web1', ['web*', '!web1'])).toBe(false);
    expect(matchHostPatterns('web2', ['!web1', 'web*'])).toBe(true);
    expect(matchHostPatterns('db', ['!web1'])).toBe(false);
  });
});
