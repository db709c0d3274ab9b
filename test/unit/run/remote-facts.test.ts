import { expect, test } from 'vitest';
import { parseFacts } from '../../../src/run/check/remote-facts.js';

const said = (...lines: readonly string[]): string => ['pssh-ts:begin', ...lines, 'end', ''].join('\n');

test('a clock with and without fractions of a second', () => {
  expect(parseFacts(said('date 1763840000.123456789'))).toMatchObject({
    clockMs: 1763840000123,
    coarseMs: 0,
  });
  // BSD's date leaves the N as it is.
  expect(parseFacts(said('date 1763840000.N'))).toMatchObject({ clockMs: 1763840000500, coarseMs: 500 });
  expect(parseFacts(said('date '))?.clockMs).toBeNull();
});

test('what is free, also on a device whose name holds blanks', () => {
  const free = (line: string): number | null | undefined => parseFacts(said(line))?.freeBytes;
  expect(free('df //nas/my share 1000 400 600 40% /tmp')).toBe(600 * 1024);
  expect(free('df tmpfs 64 64 0 100% /tmp')).toBe(0);
  expect(free('df ')).toBeNull();
});

test('what was cut short, or only printed by start files, is nothing', () => {
  expect(parseFacts('pssh-ts:begin\ndate 1763840000.1\n')).toBeNull();
  expect(parseFacts('welcome\nend\n')).toBeNull();
  expect(parseFacts(`welcome\n${said('temp /var/tmp', 'writable')}`)).toMatchObject({
    temp: '/var/tmp',
    writable: true,
  });
});

test('only a package manager that we know becomes part of a command', () => {
  expect(parseFacts(said('manager apt-get'))?.manager).toBe('apt-get');
  expect(parseFacts(said('manager rm -rf /;'))?.manager).toBeNull();
});
