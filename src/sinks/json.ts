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
      await stdout.write(`${place === 0 ? '' : ','}\n${JSON.stringify(jsonResult(result))}`);
    }
    await stdout.write('\n]}\n');
  }
}

function jsonSummary(summary: RunSummary): Record<string, number> {
  const counts = Object.entries(COUNT_KEYS).map(([status, key]) => [key, summary.counts[status as Status]]);
  return { total: summary.total, ...Object.fromEntries(counts) };
}

export function jsonResult(result: HostResult): Record<string, unknown> {
  const stdout = encodeOutput(result.stdout);
  const stderr = encodeOutput(result.stderr);
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
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutEncoding: stdout.encoding,
    stderrEncoding: stderr.encoding,
    truncated: result.truncated,
    error: result.error,
  };
}

/** Text as it is; bytes that are no UTF-8 as base64. */
function encodeOutput(bytes: Uint8Array): { readonly text: string; readonly encoding: 'utf8' | 'base64' } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return { text: buffer.toString('utf8'), encoding: 'utf8' };
  return { text: buffer.toString('base64'), encoding: 'base64' };
}
