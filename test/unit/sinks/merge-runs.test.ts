import { describe, expect, test } from 'vitest';
import { mergeRuns } from '../../../src/sinks/merge-runs.js';
import { type RunDocument, readRun } from '../../../src/sinks/read-run.js';

interface Part {
  readonly host: string;
  readonly index: number;
  readonly status?: string;
  readonly step?: number;
  readonly exitCode?: number | null;
  readonly skippedBy?: string;
}

const result = ({
  host,
  index,
  status = 'ok',
  step = 0,
  exitCode = status === 'ok' ? 0 : null,
  ...rest
}: Part) => ({
  ...{
    host,
    user: null,
    port: null,
    index,
    step,
    command: 'x',
    status,
    exitCode,
    signal: null,
    killed: null,
  },
  ...{ attempts: 1, startedAt: '2026-11-22T12:00:00.000Z', durationMs: 5, stdout: 'bye', stderr: '' },
  ...{ stdoutEncoding: 'utf8', stderrEncoding: 'utf8', truncated: false, error: null, ...rest },
});
const run = (exitCode: number, parts: readonly Part[], rest: object = {}): RunDocument =>
  readRun(
    JSON.stringify({
      ...{ schema: 'pssh-ts/run@1', startedAt: '2026-11-22T12:00:00.000Z', durationMs: 100, command: 'x' },
      ...{ exitCode, summary: null, results: parts.map(result), ...rest },
    }),
    'a.json',
  );
const a = { host: 'a', index: 0 };
const b = { host: 'b', index: 1 };

describe('mergeRuns', () => {
  test('hosts in their places, whatever the order of the documents; counts and time of all', () => {
    const late = { startedAt: '2026-11-22T12:00:01.000Z', durationMs: 2000 };
    const merged = mergeRuns([run(5, [{ ...b, status: 'failed', exitCode: 3 }], late), run(0, [a])], false);
    expect(merged.results.map(({ target, status }) => [target.label, status])).toEqual([
      ['a', 'ok'],
      ['b', 'failed'],
    ]);
    expect(merged.summary).toMatchObject({ total: 2, durationMs: 3000, exitCode: 5 });
    expect(merged.summary.counts).toMatchObject({ ok: 1, failed: 1 });
    expect(merged.command).toBe('x');
    expect(merged.repeated).toEqual([]);
  });

  test('a host in two documents has all results and counts as the worst', () => {
    const merged = mergeRuns([run(4, [{ ...a, status: 'unreachable' }]), run(0, [a])], false);
    expect(merged.summary).toMatchObject({ total: 1, exitCode: 4 });
    expect(merged.results.map(({ step, status }) => [step, status])).toEqual([
      [0, 'unreachable'],
      [1, 'ok'],
    ]);
    expect(merged.repeated.map(({ label }) => label)).toEqual(['a']);
  });

  test('lists that are not one are numbered anew', () => {
    const merged = mergeRuns([run(0, [a]), run(0, [{ host: 'c', index: 0 }])], false);
    expect(merged.results.map(({ target }) => [target.host, target.index])).toEqual([
      ['a', 0],
      ['c', 1],
    ]);
  });

  test.each<[readonly number[], number]>([
    [[0, 0], 0],
    [[0, 130], 130],
    [[130, 1], 1],
  ])('exit codes %j of runs whose results are fine give %i', (codes, expected) => {
    const runs = codes.map((code, index) => run(code, [{ host: `h${index}`, index }]));
    expect(mergeRuns(runs, false).summary.exitCode).toBe(expected);
  });

  test('the largest remote status, for runs with -S', () => {
    const runs = [
      run(7, [{ ...a, status: 'failed', exitCode: 7 }]),
      run(1, [{ ...b, status: 'failed', exitCode: 1 }]),
    ];
    expect(mergeRuns(runs, true).summary.exitCode).toBe(7);
    expect(mergeRuns(runs, false).summary.exitCode).toBe(5);
  });

  test('a shard without hosts adds nothing', () => {
    expect(mergeRuns([run(0, []), run(0, [a])], false).summary).toMatchObject({ total: 1, exitCode: 0 });
    expect(mergeRuns([run(0, [])], false).summary).toMatchObject({ total: 0, exitCode: 0 });
  });
});

test.each([
  ['nope', /"a" is no JSON/],
  ['{}', /is no pssh-ts\/run@1 \(it has no schema\)/],
  ['[1]', /it has no schema/],
  ['{"schema":"pssh-ts/map@1"}', /its schema is "pssh-ts\/map@1"/],
  ['{"schema":"pssh-ts/run@1"}', /its head is not as/],
  [
    '{"schema":"pssh-ts/run@1","startedAt":"2026-11-22T12:00:00.000Z","durationMs":1,"results":[{"host":"a"}]}',
    /a: results\[0\]: what it says of the host is not as/,
  ],
])('%s is refused', (text, reason) => expect(() => readRun(text, 'a')).toThrow(reason));
