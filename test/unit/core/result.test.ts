import { describe, expect, it } from 'vitest';
import { exitCode } from '../../../src/core/exit-code.js';
import { type HostResult, hostStatus, STATUSES, type Status } from '../../../src/core/result.js';
import { makeResult } from '../make.js';

type Short = Status | 'by-plan' | 'by-failure';
const of = (...statuses: Short[]): HostResult[] =>
  statuses.map((status, step) => {
    if (status === 'by-plan') return makeResult({ step, status: 'skipped', skippedBy: 'plan' });
    if (status === 'by-failure') return makeResult({ step, status: 'skipped', skippedBy: 'failure' });
    return makeResult({ step, status });
  });

describe('hostStatus', () => {
  it.each<[Short[], Status]>([
    [[], 'ok'],
    [['ok'], 'ok'],
    [['ok', 'ok'], 'ok'],
    [['ok', 'failed'], 'failed'],
    [['failed', 'by-failure'], 'failed'],
    [['failed', 'ok'], 'failed'],
    [['unreachable', 'by-failure', 'by-failure'], 'unreachable'],
    [['by-plan'], 'skipped'],
    [['by-plan', 'by-plan'], 'skipped'],
    [['ok', 'by-plan'], 'ok'],
    [['ok', 'by-failure'], 'skipped'],
    [['by-failure'], 'skipped'],
  ])('of %j is %s', (statuses, expected) => {
    expect(hostStatus(of(...statuses))).toBe(expected);
  });

  it('of two bad ends the worst counts, as in the exit code (--keep-commands)', () => {
    expect(hostStatus(of('failed', 'timed-out'))).toBe('timed-out');
    expect(hostStatus(of('timed-out', 'failed'))).toBe('timed-out');
    expect(hostStatus(of('failed', 'disconnected'))).toBe('disconnected');
    for (const one of STATUSES) {
      for (const other of STATUSES) {
        const both = of(one, other);
        expect([one, other, exitCode(of(hostStatus(both)))]).toEqual([one, other, exitCode(both)]);
      }
    }
  });
});
