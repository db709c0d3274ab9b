import { expect, test } from 'vitest';
import { JOBLOG_HEADER, joblogLine, KnownTasks, readJoblogLine } from '../../../../src/core/map/joblog.js';
import { makeTask, makeTaskResult } from '../../map-results.js';

test("the columns are GNU parallel's, then key and status", () => {
  const line = joblogLine(makeTaskResult({ sent: 3, received: 4, command: 'a\tb\nc' })) ?? '';
  expect(JOBLOG_HEADER.trim().split('\t')).toEqual(
    'Seq Host Starttime JobRuntime Send Receive Exitval Signal Command Key Status'.split(' '),
  );
  expect(line.slice(0, -1).split('\t')).toEqual([
    ...['1', 'web1', '1700000000.123', '     1.500', '3', '4', '0', '0'],
    ...['a\\tb\\nc', '0000000000000001', 'ok'],
  ]);
  expect(line.endsWith('\n')).toBe(true);
});

test.each([
  [{ status: 'failed', exitCode: 3 }, '3', '0', 'failed'],
  [{ status: 'signaled', exitCode: null, signal: 'TERM' }, '0', '15', 'failed'],
  [{ status: 'timed-out', exitCode: null }, '-1', '0', 'failed'],
  [{ status: 'disconnected', exitCode: null }, '-1', '0', null],
] as const)('%j', (rest, exitval, signal, known) => {
  const line = joblogLine(makeTaskResult(rest)) ?? '';
  expect(line.split('\t').slice(6, 8)).toEqual([exitval, signal]);
  expect(readJoblogLine(line.trimEnd())?.known ?? null).toBe(known);
});

test.each([{ status: 'canceled' }, { status: 'skipped', target: null }] as const)(
  '%j leaves no line',
  (rest) => {
    expect(joblogLine(makeTaskResult(rest))).toBeNull();
  },
);

test('a torn line tells of nothing, wherever it was torn, unless all of it is there', () => {
  const line = (joblogLine(makeTaskResult()) ?? '').trimEnd();
  for (let length = 0; length < line.length; length += 1)
    expect(readJoblogLine(line.slice(0, length))).toBeNull();
  expect(readJoblogLine(line)).toEqual({ key: makeTask().key, known: 'ok' });
  expect(readJoblogLine(JOBLOG_HEADER.trimEnd())).toBeNull();
});

test('a task that a list holds several times is left out as often as it was done', () => {
  const known = new KnownTasks();
  for (const [key, how] of [
    ['a', 'ok'],
    ['a', 'ok'],
    ['b', 'failed'],
    ['c', 'failed'],
    ['c', 'ok'],
  ] as const)
    known.add({ key, known: how });
  expect([known.take('a', true), known.take('a', true), known.take('a', true)]).toEqual([true, true, false]);
  expect([known.take('b', false), known.take('b', true)]).toEqual([false, true]);
  // It failed, and was run again for that: once.
  expect([known.take('c', false), known.take('c', true)]).toEqual([true, false]);
});
