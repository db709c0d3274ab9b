import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src/core/events.js';
import type { HostResult, Status } from '../../../src/core/result.js';
import { evaluateExpression } from '../../../src/inventory/expression.js';
import type { Limits } from '../../../src/sinks/outcome.js';
import { SummarySink } from '../../../src/sinks/summary.js';
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
    maxOutput: 1024,
    ...options,
  });
  return { subject, memory };
}

function summarize(results: readonly HostResult[], summary: RunSummary, options: Options = {}): string {
  const { subject, memory } = sink(options);
  for (const result of results) void subject.event(finished(result));
  void subject.event({ type: 'summary', time: 0, summary });
  void subject.end();
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

  it('says who failed and why, alike together, the most first, quiet or not', () => {
    const failed = (name: string, index: number, exitCode: number) =>
      host(name, index, { status: 'failed', exitCode });
    const results = [failed('c', 2, 1), host('d', 3), failed('b', 1, 2), failed('a', 0, 1)];
    const expected =
      'pssh-ts: 3 of 4 hosts failed in 1.2s\n  failed: a,c: exit status 1\n  failed: b: exit status 2\n';
    const summary = makeSummary({ ok: 1, failed: 3 });
    expect(summarize(results, summary)).toBe(expected);
    expect(summarize(results, summary, { quiet: true })).toBe(expected);
  });

  it('names a host once for steps that failed alike', () => {
    const results = [0, 1].map((step) => host('a', 0, { step, status: 'failed', exitCode: 1 }));
    expect(summarize(results, makeSummary({ failed: 1 }))).toBe(
      'pssh-ts: 1 of 1 host failed in 1.2s\n  failed: a: exit status 1\n',
    );
  });

  it('what was skipped by plan did not fail, what was skipped for others did', () => {
    const byPlan = host('p', 0, { status: 'skipped', skippedBy: 'plan' });
    const byFailure = host('f', 1, { status: 'skipped', skippedBy: 'failure' });
    const bad = host('b', 2, { status: 'failed', exitCode: 1 });
    expect(summarize([byPlan], makeSummary({ skipped: 1 }))).toBe(
      'pssh-ts: 0 of 1 host ok, 1 left out in 1.2s\n  left out: p\n',
    );
    expect(summarize([byFailure, bad], makeSummary({ skipped: 1, failed: 1 }))).toBe(
      'pssh-ts: 1 of 2 hosts failed, 1 not begun in 1.2s\n  failed: b: exit status 1\n  skipped: f: not begun\n',
    );
  });

  it('a host that was skipped by plan is not counted among the failed because another was skipped', () => {
    const results = [
      host('p', 0, { status: 'skipped', skippedBy: 'plan' }),
      host('b', 1, { status: 'failed', exitCode: 1 }),
      host('b', 1, { step: 1, status: 'skipped', skippedBy: 'failure' }),
    ];
    expect(summarize(results, makeSummary({ skipped: 1, failed: 1 }))).toMatch(
      /^pssh-ts: 1 of 2 hosts failed, 1 left out in /,
    );
  });

  const error = { code: 'ERR_CONNECT', message: "ssh's words" } as const;
  it.each<[Partial<HostResult>, string]>([
    [{ status: 'failed', exitCode: 44 }, 'failed: a: exit status 44'],
    [{ status: 'failed', error }, "failed: a: ssh's words"],
    [{ status: 'signaled', signal: 'KILL' }, 'signaled: a: killed by SIGKILL'],
    [{ status: 'signaled' }, 'signaled: a: killed by a signal'],
    [{ status: 'timed-out', killed: 'confirmed' }, 'timed-out: a: after 1m30s, ended on the host'],
    [
      { status: 'timed-out', killed: 'unknown' },
      'timed-out: a: after 1m30s; whether it still runs on the host is not known',
    ],
    [{ status: 'canceled' }, 'canceled: a'],
    [{ status: 'canceled', killed: 'confirmed' }, 'canceled: a: ended on the host'],
    [{ status: 'unreachable', error }, "unreachable: a: ssh's words"],
    [{ status: 'auth-failed', error }, "auth-failed: a: ssh's words"],
    [{ status: 'host-key-failed', error }, "host-key-failed: a: ssh's words"],
    [{ status: 'disconnected', error }, "disconnected: a: ssh's words"],
    [{ status: 'skipped', skippedBy: 'failure' }, 'skipped: a: not begun'],
    [{ status: 'skipped', skippedBy: 'failure', step: 1 }, 'skipped: a: not run'],
    [
      { status: 'timed-out', timedOutBy: 'deadline', killed: 'confirmed' },
      'timed-out: a: at the deadline of 10m00s, ended on the host',
    ],
    [
      { status: 'timed-out', timedOutBy: 'deadline', error },
      "timed-out: a: at the deadline of 10m00s: ssh's words",
    ],
    [{ status: 'skipped', skippedBy: 'deadline' }, 'skipped: a: not begun at the deadline of 10m00s'],
  ])('%j is told as %j', (rest, told) => {
    expect(reason(rest, { limits: { timeoutMs: 90_000, deadlineMs: 600_000 } })).toBe(`  ${told}`);
  });

  it('passes no control character of a host on', () => {
    const message = 'bad\u001b[2J\u0007\npssh-ts: 9 hosts ok';
    expect(reason({ status: 'unreachable', error: { code: 'ERR_CONNECT', message } })).toBe(
      '  unreachable: a: bad␛[2J␇ pssh-ts: 9 hosts ok',
    );
  });

  it('is red only where colours are wanted', () => {
    const results = [host('a', 0, { status: 'failed', exitCode: 1 })];
    const text = (color: boolean) => summarize(results, makeSummary({ failed: 1 }), { color });
    expect(text(true)).toMatch(/^\u001b\[31mpssh-ts: 1 of 1 host failed in 1\.2s\u001b\[0m\n {2}failed: a/);
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

  it('merges what differs by names, addresses and ports alone, and tells what to try once', () => {
    const refused = (name: string, index: number) =>
      host(name, index, {
        status: 'unreachable',
        error: {
          code: 'ERR_CONNECT',
          message: `connect to host 10.0.0.${index} port 22${index}: Connection refused`,
        },
      });
    const unknown = (name: string, index: number) =>
      host(name, index, {
        status: 'unreachable',
        error: {
          code: 'ERR_RESOLVE',
          message: `Could not resolve hostname ${name}: Name or service not known`,
        },
      });
    const results = [3, 1, 2].map((index) => refused(`node${index}`, index));
    const text = summarize(
      [...results, ...[4, 5].map((index) => unknown(`db${index}`, index))],
      makeSummary({ unreachable: 5 }),
    );
    expect(text.split('\n').slice(1)).toEqual([
      '  unreachable: node[1-3]: connect to host 10.0.0.3 port 223: Connection refused, and alike',
      '    try: is sshd running there and its port open? ssh -v node3 tells more',
      '  unreachable: db[4-5]: Could not resolve hostname db4: Name or service not known, and alike',
      '    try: check the name, or give it a HostName in ~/.ssh/config',
      '',
    ]);
  });

  it('one failure of a jump host is told once for all behind it', () => {
    const error = { code: 'ERR_CONNECT', message: 'jump host gate: Connection refused' } as const;
    const results = Array.from({ length: 100 }, (_, index) =>
      host(`n${index}`, index, { status: 'unreachable', error }),
    );
    const text = summarize(results, makeSummary({ unreachable: 100 }));
    expect(text.match(/jump host gate/g)).toHaveLength(1);
    expect(text).toContain('  unreachable: n[0-99]: jump host gate: Connection refused\n');
  });

  it('a thousand reasons stay a few lines, which name every host', () => {
    const results = Array.from({ length: 1000 }, (_, index) =>
      host(`n${index}`, index, { status: 'failed', exitCode: index + 1 }),
    );
    const lines = summarize(results, makeSummary({ failed: 1000 }))
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(7);
    expect(lines.at(-1)).toBe('  failed: n[5-999]: 995 other reasons');
  });

  it('names hosts so that -H takes them again: users, ports, addresses', () => {
    const names = ['root@db1:22', 'root@db2:22', '[fe80::1]:22', '[fe80::2]:22', 'web1'];
    const results = names.map((name, index) => host(name, index, { status: 'failed', exitCode: 1 }));
    const text = summarize(results, makeSummary({ failed: 5 }));
    expect(text).toContain('  failed: [fe80::[1-2]]:22,root@db[1-2]:22,web1: exit status 1\n');
    const pasted = /failed: (.*): exit/.exec(text)?.[1] ?? '';
    expect(
      evaluateExpression(pasted)
        .map(({ label }) => label)
        .sort(),
    ).toEqual([...names].sort());
  });

  it('warns of output that was cut, not when quiet', () => {
    const result = (index: number) => host(`n${index}`, index, { truncated: true });
    const summary = makeSummary({ ok: 2 });
    expect(summarize([result(1), result(2)], summary)).toBe(
      'pssh-ts: output was cut after 1KiB a stream (--max-output) on n[1-2]\npssh-ts: 2 hosts ok in 1.2s\n',
    );
    expect(summarize([result(1)], summary, { quiet: true })).toBe('');
  });

  it('has a reason for every status', () => {
    const statuses: Status[] = ['failed', 'signaled', 'timed-out', 'canceled', 'unreachable', 'auth-failed'];
    for (const status of statuses) expect(reason({ status })).toMatch(new RegExp(`^ {2}${status}: a`));
  });
});
