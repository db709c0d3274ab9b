import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exitCode, maxStatus } from '../../../src/core/exit-code.js';
import { type HostResult, STATUSES, type Status } from '../../../src/core/result.js';
import { makeResult } from '../make.js';

const EXPECTED: Readonly<Record<Status, number>> = {
  ok: 0,
  failed: 5,
  signaled: 3,
  'timed-out': 3,
  canceled: 3,
  unreachable: 4,
  'auth-failed': 4,
  'host-key-failed': 4,
  disconnected: 4,
  skipped: 0,
};
const of = (...statuses: Status[]): HostResult[] => statuses.map((status) => makeResult({ status }));

describe('exitCode', () => {
  it.each(STATUSES)('of a host that is %s', (status) => {
    expect(exitCode(of(status))).toBe(EXPECTED[status]);
    expect(exitCode(of('ok', status, 'ok'))).toBe(EXPECTED[status]);
  });

  it('is 0 for no result at all', () => {
    expect(exitCode([])).toBe(0);
  });

  it('takes the first of 3, 4, 5 that applies, in whatever order the hosts ended', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...STATUSES)), (statuses) => {
        const codes = statuses.map((status) => EXPECTED[status]).filter((code) => code !== 0);
        expect(exitCode(of(...statuses))).toBe(codes.length === 0 ? 0 : Math.min(...codes));
      }),
    );
  });

  it('counts skipped by plan as ok, skipped because others failed not', () => {
    expect(exitCode([makeResult({ status: 'skipped', skippedBy: 'plan' })])).toBe(0);
    expect(exitCode([makeResult({ status: 'skipped', skippedBy: 'failure' })])).toBe(5);
    expect(exitCode([makeResult({ status: 'skipped', skippedBy: 'deadline' })])).toBe(3);
  });
});

describe('maxStatus', () => {
  const status = (rest: Partial<HostResult>): number => maxStatus([makeResult(rest)]);

  it.each([0, 1, 44, 125, 254, 255])('of a command that ended with %i', (code) => {
    expect(status({ status: code === 0 ? 'ok' : 'failed', exitCode: code })).toBe(code);
  });

  it('is the largest', () => {
    expect(maxStatus([3, 44, 7].map((code) => makeResult({ status: 'failed', exitCode: code })))).toBe(44);
    expect(maxStatus([])).toBe(0);
  });

  it.each<[Status, number]>([
    ['skipped', 0],
    ['timed-out', 255],
    ['canceled', 255],
    ['unreachable', 254],
    ['auth-failed', 254],
    ['host-key-failed', 254],
    ['disconnected', 254],
  ])('of a host that is %s is %i', (ended, code) => {
    expect(status({ status: ended })).toBe(code);
  });

  it('is that of a timeout where the deadline came before the host was begun', () => {
    expect(status({ status: 'skipped', skippedBy: 'deadline' })).toBe(255);
  });

  it('is 128 and the number of the signal', () => {
    expect(status({ status: 'signaled', signal: 'KILL' })).toBe(137);
    expect(status({ status: 'signaled', signal: 'TERM' })).toBe(143);
    expect(status({ status: 'signaled', signal: null })).toBe(128);
  });

  // RFC 4254 section 6.10.
  const names = [
    'ABRT',
    'ALRM',
    'FPE',
    'HUP',
    'ILL',
    'INT',
    'KILL',
    'PIPE',
    'QUIT',
    'SEGV',
    'TERM',
    'USR1',
    'USR2',
  ];
  it.each(names)('knows the number of %s', (signal) => {
    expect(status({ status: 'signaled', signal })).toBeGreaterThan(128);
  });
});
