import type { RunEvent, Sink, StreamName } from '../../../src/core/events.js';
import { outputOf } from '../../../src/core/output.js';
import type { HostResult } from '../../../src/core/result.js';
import type { Target } from '../../../src/core/target.js';
import { makeResult, makeSummary, makeTarget } from '../make.js';

const TIME = Date.parse('2026-01-02T03:04:05.678Z');

const names = ['node1', 'node2', 'node3', 'root@db1:2222', 'gone'];
export const TARGETS: readonly Target[] = names.map((label, index) => {
  const host = label.replace(/^root@|:2222$/g, '');
  return makeTarget(host, { label, index, ...(label.startsWith('root') && { user: 'root', port: 2222 }) });
});
const [node1, node2, node3, db1, gone] = TARGETS as [Target, Target, Target, Target, Target];

const connected = (target: Target, reused = true): RunEvent => ({
  type: 'connected',
  time: TIME,
  target,
  reused,
  transport: { kind: 'mux' },
});
const started = (target: Target): RunEvent => ({
  type: 'started',
  time: TIME + 10,
  target,
  step: 0,
  command: 'report',
});
const output = (target: Target, text: string | Buffer, stream: StreamName = 'stdout'): RunEvent => {
  const data = Buffer.from(text);
  return { type: 'output', time: TIME + 20, target, step: 0, stream, data, partial: data.at(-1) !== 0x0a };
};
const finished = (target: Target, rest: Partial<HostResult>): RunEvent => {
  const ran = { attempts: 0, startedAt: new Date(TIME + 10), durationMs: 20, exitCode: 0 };
  const result = makeResult({ target, command: 'report', ...ran, ...rest });
  return { type: 'finished', time: TIME + 30, target, result };
};

const SAME = 'kernel 6.1.0\nroot 41%\nload 0.12\n';
const OTHER = 'kernel 6.1.0\nroot 97%\nload 0.12\n';
const HOSTILE = Buffer.concat([
  Buffer.from('\u001b[32mgreen\u001b[0m\rnode1: forged\n---------------\nnode1\n---------------\ncut '),
  Buffer.from([0xff]),
  Buffer.from('\u2028é'),
]);

/**
 * A run as it happened: two hosts alike, one that differs and warns, one that is hostile and ends without a
 * newline, one that can't be reached.
 */
export const EVENTS: readonly RunEvent[] = [
  connected(node1),
  connected(node2),
  { type: 'connecting', time: TIME, target: db1, attempt: 1 },
  connected(node3),
  started(node1),
  started(node2),
  output(node1, 'kernel 6.1.0\n'),
  started(node3),
  { type: 'moved', time: TIME + 15, target: node3, step: 0, bytes: 4096 },
  output(node2, SAME),
  output(node1, SAME.slice(13)),
  finished(node2, { stdout: outputOf(Buffer.from(SAME)) }),
  output(node3, OTHER),
  output(node3, 'report: disk is nearly full\n', 'stderr'),
  connected(db1, false),
  finished(node1, { stdout: outputOf(Buffer.from(SAME)) }),
  started(db1),
  { type: 'connecting', time: TIME, target: gone, attempt: 1 },
  output(db1, HOSTILE.subarray(0, HOSTILE.lastIndexOf(0x0a) + 1)),
  output(db1, HOSTILE.subarray(HOSTILE.lastIndexOf(0x0a) + 1)),
  finished(node3, {
    status: 'failed',
    exitCode: 1,
    stdout: outputOf(Buffer.from(OTHER)),
    stderr: outputOf(Buffer.from('report: disk is nearly full\n')),
  }),
  {
    type: 'note',
    time: TIME,
    target: db1,
    message: "something on the host still holds the command's output",
  },
  finished(db1, { attempts: 1, stdout: outputOf(HOSTILE) }),
  finished(gone, {
    status: 'unreachable',
    exitCode: null,
    startedAt: null,
    durationMs: 0,
    attempts: 3,
    error: { code: 'ERR_CONNECT', message: 'connect to host gone port 22: Connection refused' },
  }),
  {
    type: 'summary',
    time: TIME + 40,
    summary: makeSummary({ ok: 3, failed: 1, unreachable: 1 }, { exitCode: 4, durationMs: 1234 }),
  },
];

/** Plays the run to some sinks, as the event bus does. */
export async function play(sinks: readonly Sink[], events: readonly RunEvent[] = EVENTS): Promise<void> {
  for (const event of events) await Promise.all(sinks.map((sink) => sink.event(event)));
  for (const sink of sinks) await sink.end?.();
}
