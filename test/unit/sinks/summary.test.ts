import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src/core/events.js';
import type { HostResult, Status } from '../../../src/core/result.js';
import { type Limits, SummarySink } from '../../../src/sinks/summary.js';
import { finished, makeResult, makeSummary, makeTarget, memoryWriter, outputEvent } from '../make.js';

interface Options {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
  readonly limits?: Limits;
}

function sink(options: Options = {}) {
  const { writer, memory } = memoryWriter();
  const subject = new SummarySink({
    stderr: writer,
    quiet: false,
    verbose: false,
    color: false,
    limits: { timeoutMs: null, deadlineMs: null },
    ...options,
  });
  return { subject, memory };
}

function summarize(results: readonly HostResult[], summary: RunSummary, options: Options = {}): string {
  const { subject, memory } = sink(options);
  for (const result of results) void subject.event(finished(result));
  void subject.event({ type: 'summary', time: 0, summary });
  return memory.text;
}

const host = (name: string, index: number, rest: Partial<HostResult> = {}): HostResult =>
  makeResult({ target: makeTarget(name, { index }), ...rest });
const reason = (rest: Partial<HostResult>, options: Options = {}): string =>
  summarize([host('a', 0, rest)], makeSummary({ failed: 1 }), options).split('\n')[1] ?? '';

describe('SummarySink', () => {
  it('is one line when all is well, none with quiet', () => {
    expect(summarize([host('a', 0)], makeSummary({ ok: 1 }))).toBe('pssh-ts: 1 host ok in 1.2s\n');
    expect(summarize([host('a', 0)], makeSummary({ ok: 3 }))).toBe('pssh-ts: 3 hosts ok in 1.2s\n');
    expect(summarize([host('a', 0)], makeSummary({ ok: 3 }), { quiet: true })).toBe('');
  });

  it("says who failed and why, alike together, in the targets' order, quiet or not", () => {
    const failed = (name: string, index: number, exitCode: number) =>
      host(name, index, { status: 'failed', exitCode });
    const results = [failed('c', 2, 1), host('d', 3), failed('b', 1, 2), failed('a', 0, 1)];
    const expected = 'pssh-ts: 3 of 4 hosts failed in 1.2s\n  a,c: exit status 1\n  b: exit status 2\n';
    const summary = makeSummary({ ok: 1, failed: 3 });
    expect(summarize(results, summary)).toBe(expected);
    expect(summarize(results, summary, { quiet: true })).toBe(expected);
  });

  it('names a host once for steps that failed alike', () => {
    const results = [0, 1].map((step) => host('a', 0, { step, status: 'failed', exitCode: 1 }));
    expect(summarize(results, makeSummary({ failed: 1 }))).toBe(
      'pssh-ts: 1 of 1 host failed in 1.2s\n  a: exit status 1\n',
    );
  });

  it('what was skipped by plan did not fail, what was skipped for others did', () => {
    const byPlan = host('p', 0, { status: 'skipped', skippedBy: 'plan' });
    const byFailure = host('f', 1, { status: 'skipped', skippedBy: 'failure' });
    const bad = host('b', 2, { status: 'failed', exitCode: 1 });
    expect(summarize([byPlan], makeSummary({ skipped: 1 }))).toBe('pssh-ts: 1 host ok in 1.2s\n');
    expect(summarize([byFailure, bad], makeSummary({ skipped: 1, failed: 1 }))).toBe(
      'pssh-ts: 2 of 2 hosts failed in 1.2s\n  f: skipped: not run\n  b: exit status 1\n',
    );
  });

  it('a host that was skipped by plan is not counted among the failed because another was skipped', () => {
    const results = [
      host('p', 0, { status: 'skipped', skippedBy: 'plan' }),
      host('b', 1, { status: 'failed', exitCode: 1 }),
      host('b', 1, { step: 1, status: 'skipped', skippedBy: 'failure' }),
    ];
    expect(summarize(results, makeSummary({ skipped: 1, failed: 1 }))).toMatch(
      /^pssh-ts: 1 of 2 hosts failed /,
    );
  });

  const error = { code: 'ERR_CONNECT', message: "ssh's words" } as const;
  it.each<[Partial<HostResult>, string]>([
    [{ status: 'failed', exitCode: 44 }, 'exit status 44'],
    [{ status: 'failed', error }, "failed: ssh's words"],
    [{ status: 'signaled', signal: 'KILL' }, 'killed by SIGKILL'],
    [{ status: 'signaled' }, 'killed by a signal'],
    [{ status: 'timed-out', killed: 'confirmed' }, 'timed-out after 1m30s, ended on the host'],
    [
      { status: 'timed-out', killed: 'unknown' },
      'timed-out after 1m30s; whether it still runs on the host is not known',
    ],
    [{ status: 'canceled' }, 'canceled'],
    [{ status: 'canceled', killed: 'confirmed' }, 'canceled, ended on the host'],
    [{ status: 'unreachable', error }, "unreachable: ssh's words"],
    [{ status: 'auth-failed', error }, "auth-failed: ssh's words"],
    [{ status: 'host-key-failed', error }, "host-key-failed: ssh's words"],
    [{ status: 'disconnected', error }, "disconnected: ssh's words"],
    [{ status: 'skipped', skippedBy: 'failure' }, 'skipped: not run'],
    [
      { status: 'timed-out', timedOutBy: 'deadline', killed: 'confirmed' },
      'timed-out at the deadline of 10m00s, ended on the host',
    ],
    [
      { status: 'timed-out', timedOutBy: 'deadline', error },
      "timed-out at the deadline of 10m00s: ssh's words",
    ],
    [{ status: 'skipped', skippedBy: 'deadline' }, 'skipped: not begun at the deadline of 10m00s'],
  ])('%j is told as %j', (rest, told) => {
    expect(reason(rest, { limits: { timeoutMs: 90_000, deadlineMs: 600_000 } })).toBe(`  a: ${told}`);
  });

  it('passes no control character of a host on', () => {
    const message = 'bad\u001b[2J\u0007';
    expect(reason({ status: 'unreachable', error: { code: 'ERR_CONNECT', message } })).toBe(
      '  a: unreachable: bad␛[2J␇',
    );
  });

  it('is red only where colours are wanted', () => {
    const results = [host('a', 0, { status: 'failed', exitCode: 1 })];
    const text = (color: boolean) => summarize(results, makeSummary({ failed: 1 }), { color });
    expect(text(true)).toMatch(/^\u001b\[31mpssh-ts: 1 of 1 host failed in 1\.2s\u001b\[0m\n {2}a/);
    expect(text(false)).not.toContain('\u001b');
  });

  it('tells notes at once unless quiet, and connecting only when verbose', () => {
    const events = (options: Options): string => {
      const { subject, memory } = sink(options);
      const target = makeTarget('a');
      void subject.event({ type: 'note', time: 0, target, message: 'held' });
      void subject.event({ type: 'note', time: 0, target: null, message: 'all' });
      void subject.event({ type: 'connecting', time: 0, target, attempt: 1 });
      void subject.event({ type: 'connecting', time: 0, target, attempt: 2 });
      void subject.event({ type: 'connected', time: 0, target, reused: false, transport: { kind: 'mux' } });
      void subject.event({
        type: 'connected',
        time: 0,
        target,
        reused: true,
        transport: { kind: 'process', reason: 'it forwards' },
      });
      void subject.event({ type: 'started', time: 0, target, step: 0, command: 'x' });
      void subject.event(outputEvent('x\n'));
      return memory.text;
    };
    const notes = 'pssh-ts: a: held\npssh-ts: all\n';
    expect(events({})).toBe(notes);
    expect(events({ quiet: true })).toBe('');
    expect(events({ verbose: true })).toBe(
      `${notes}pssh-ts: a: logging in\npssh-ts: a: logging in, attempt 2\npssh-ts: a: connected, over mux\npssh-ts: a: connected (live master), over process (it forwards)\n`,
    );
  });

  it('has a reason for every status', () => {
    const statuses: Status[] = ['failed', 'signaled', 'timed-out', 'canceled', 'unreachable', 'auth-failed'];
    for (const status of statuses) expect(reason({ status })).toMatch(/^ {2}a: \w/);
  });
});
