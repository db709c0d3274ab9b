import { Writable } from 'node:stream';
import type { OutputEvent, RunEvent, RunSummary } from '../../src/core/events.js';
import { NO_OUTPUT } from '../../src/core/output.js';
import { type HostResult, STATUSES, type Status } from '../../src/core/result.js';
import type { Target } from '../../src/core/target.js';
import { Writer } from '../../src/sinks/writer.js';

/** A target with all that a test does not care about. */
export function makeTarget(host = 'web1', rest: Partial<Target> = {}): Target {
  return { host, label: host, index: 0, vars: {}, ...rest };
}

export function makeResult(rest: Partial<HostResult> = {}): HostResult {
  return {
    target: makeTarget(),
    step: 0,
    command: 'uptime',
    status: 'ok',
    exitCode: null,
    signal: null,
    stdout: NO_OUTPUT,
    stderr: NO_OUTPUT,
    truncated: false,
    attempts: 0,
    startedAt: null,
    durationMs: 0,
    killed: null,
    error: null,
    ...rest,
  };
}

export function makeSummary(
  counts: Partial<Record<Status, number>>,
  rest: Partial<RunSummary> = {},
): RunSummary {
  const all = Object.fromEntries(STATUSES.map((status) => [status, counts[status] ?? 0]));
  return {
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts: all as Record<Status, number>,
    durationMs: 1200,
    exitCode: 0,
    ...rest,
  };
}

export function outputEvent(data: string | Uint8Array, rest: Partial<OutputEvent> = {}): OutputEvent {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const partial = bytes.at(-1) !== 0x0a;
  return {
    type: 'output',
    time: 0,
    target: makeTarget(),
    step: 0,
    stream: 'stdout',
    data: bytes,
    partial,
    ...rest,
  };
}

export const finished = (result: HostResult): RunEvent => ({
  type: 'finished',
  time: 0,
  target: result.target,
  result,
});

/** A stream that keeps what is written to it. */
export class Memory extends Writable {
  readonly writes: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.writes.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }

  get text(): string {
    return this.bytes.toString();
  }
}

export function memoryWriter(): { readonly memory: Memory; readonly writer: Writer } {
  const memory = new Memory();
  return {
    memory,
    writer: new Writer(memory, (error) => {
      throw error;
    }),
  };
}
