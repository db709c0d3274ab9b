import { describe, expect, test } from 'vitest';
import { parseReport } from '../../../../src/run/jobs/job-report.js';

const state = (text: string) => parseReport(`pssh-ts:job state|${text}`);

describe('parseReport', () => {
  test.each(['started', 'taken', 'listed', 'cleaned'])('%s', (kind) => {
    expect(parseReport(`pssh-ts:job ${kind}`)).toEqual({ kind });
  });

  test.each([
    '',
    'Welcome!',
    'pssh-ts:job',
    'pssh-ts:job other',
    'pssh-ts:job kill all',
    'pssh-ts:job job|none|-||||n|c',
  ])('%j is no report', (line) => {
    expect(parseReport(line)).toBeNull();
  });

  test('what a login says without ending its line is passed over', () => {
    expect(parseReport('Welcome! pssh-ts:job started\r')).toEqual({ kind: 'started' });
  });

  test('how a job ended', () => {
    const times = '2026-11-22T19:50:52Z|2026-11-22T19:50:55Z|77';
    expect(state(`ended|exit 3|${times}`)).toEqual({
      kind: 'state',
      state: {
        state: 'ended',
        exitCode: 3,
        signal: null,
        reason: null,
        startedAt: new Date('2026-11-22T19:50:52Z'),
        endedAt: new Date('2026-11-22T19:50:55Z'),
        pid: 77,
      },
    });
    expect(state(`ended|signal KILL|${times}`)).toMatchObject({ state: { exitCode: null, signal: 'KILL' } });
    expect(state('died|restarted|||')).toMatchObject({
      state: { state: 'died', reason: 'restarted', startedAt: null, pid: null },
    });
    expect(state('none|-|||')).toEqual({ kind: 'state', state: null });
  });

  test.each(['', 'exit', 'exit x', 'signal', 'exit 1000'])(
    'a status file that says %j tells of no end',
    (text) => {
      expect(state(`ended|${text}|||5`)).toMatchObject({
        state: { state: 'died', reason: 'killed', exitCode: null },
      });
    },
  );

  test('a command may hold what parts the fields', () => {
    expect(parseReport('pssh-ts:job job|running|-|||5|n1|a | b || c')).toMatchObject({
      kind: 'job',
      job: { name: 'n1', command: 'a | b || c', state: 'running' },
    });
  });
});
