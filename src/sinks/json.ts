import { isUtf8 } from 'node:buffer';
import type { RunEvent, RunSummary, Sink } from '../core/events.js';
import type { HostResult, Status } from '../core/result.js';
import { targetName } from '../core/target.js';
import type { Writer } from './writer.js';

export interface JsonOptions {
  readonly stdout: Writer;
  readonly startedAt: Date;
  /** Null where each step has its own. */
  readonly command: string | null;
}

const COUNT_KEYS = {
  ok: 'ok',
  failed: 'failed',
  signaled: 'signaled',
  'timed-out': 'timedOut',
  canceled: 'canceled',
  unreachable: 'unreachable',
  'auth-failed': 'authFailed',
  'host-key-failed': 'hostKeyFailed',
  disconnected: 'disconnected',
  skipped: 'skipped',
} as const satisfies Record<Status, string>;

/** `--json`: one document at the end (`pssh-ts/run@1`), written result by result. */
export class JsonSink implements Sink {
  private readonly results: HostResult[] = [];
  private summary: RunSummary | null = null;

  constructor(private readonly options: JsonOptions) {}

  event(event: RunEvent): void {
    if (event.type === 'finished') this.results.push(event.result);
    else if (event.type === 'summary') this.summary = event.summary;
  }

  async end(): Promise<void> {
    const { stdout, startedAt, command } = this.options;
    const { summary } = this;
    const head = {
      schema: 'pssh-ts/run@1',
      startedAt: startedAt.toISOString(),
      durationMs: summary?.durationMs ?? 0,
      command,
      exitCode: summary?.exitCode ?? null,
      summary: summary === null ? null : jsonSummary(summary),
    };
    await stdout.write(`${JSON.stringify(head).slice(0, -1)},"results":[`);
    this.results.sort((a, b) => a.target.index - b.target.index || a.step - b.step);
    for (const [place, result] of this.results.entries()) {
      await stdout.write(place === 0 ? '\n' : ',\n');
      for (const piece of resultPieces(result)) await stdout.write(piece);
    }
    await stdout.write('\n]}\n');
  }
}

function jsonSummary(summary: RunSummary): Record<string, number> {
  const counts = Object.entries(COUNT_KEYS).map(([status, key]) => [key, summary.counts[status as Status]]);
  return { total: summary.total, ...Object.fromEntries(counts) };
}

/** A result as JSON, in pieces: the outputs together may be longer than the longest string. */
export function* resultPieces(result: HostResult): Generator<string> {
  const encodings = { stdout: encodingOf(result.stdout), stderr: encodingOf(result.stderr) };
  yield `${JSON.stringify(before(result)).slice(0, -1)},"stdout":"`;
  yield* outputPieces(result.stdout, encodings.stdout);
  yield '","stderr":"';
  yield* outputPieces(result.stderr, encodings.stderr);
  const after = {
    stdoutEncoding: encodings.stdout,
    stderrEncoding: encodings.stderr,
    truncated: result.truncated,
    error: result.error,
  };
  yield `",${JSON.stringify(after).slice(1)}`;
}

function before(result: HostResult): Record<string, unknown> {
  return {
    host: targetName(result.target),
    user: result.target.user ?? null,
    port: result.target.port ?? null,
    index: result.target.index,
    step: result.step,
    command: result.command,
    status: result.status,
    exitCode: result.exitCode,
    signal: result.signal,
    killed: result.killed,
    attempts: result.attempts,
    startedAt: result.startedAt?.toISOString() ?? null,
    durationMs: result.durationMs,
  };
}

type Encoding = 'utf8' | 'base64';
// Divisible by three, so that pieces of base64 join without padding between them.
const PIECE = 3 * 1024 * 1024;

/** Text as it is; bytes that are no UTF-8 as base64. */
const encodingOf = (bytes: Uint8Array): Encoding => (isUtf8(bytes) ? 'utf8' : 'base64');

function* outputPieces(bytes: Uint8Array, encoding: Encoding): Generator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let start = 0; start < bytes.length; start += PIECE) {
    const piece = bytes.subarray(start, start + PIECE);
    if (encoding === 'base64') yield Buffer.from(piece).toString('base64');
    else yield JSON.stringify(decoder.decode(piece, { stream: true })).slice(1, -1);
  }
}
