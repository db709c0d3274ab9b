import type { RunSummary } from '../core/events.js';
import type { TaskResult } from '../core/map/task.js';
import type { HostResult, Status } from '../core/result.js';
import { encodingOf, jsonStringPieces, jsonTarget } from './json-text.js';

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

/** How many hosts ended how. */
export function jsonSummary(summary: RunSummary): Record<string, number> {
  return { total: summary.total, ...jsonCounts(summary.counts) };
}

export function jsonCounts(counts: Readonly<Record<Status, number>>): Record<string, number> {
  const entries = Object.entries(COUNT_KEYS).map(([status, key]) => [key, counts[status as Status]]);
  return Object.fromEntries(entries) as Record<string, number>;
}

/** What a result says besides its output. */
export function jsonEnding(result: HostResult): Record<string, unknown> {
  return {
    step: result.step,
    command: result.command,
    ...jsonOutcome(result),
    attempts: result.attempts,
    ...jsonTime(result),
  };
}

/** How a command ended. */
export function jsonOutcome(result: HostResult | TaskResult): Record<string, unknown> {
  return {
    status: result.status,
    exitCode: result.exitCode,
    signal: result.signal,
    killed: result.killed,
    ...(result.skippedBy === undefined ? {} : { skippedBy: result.skippedBy }),
    ...(result.timedOutBy === undefined ? {} : { timedOutBy: result.timedOutBy }),
  };
}

/** When it began, and how long it took. */
export function jsonTime({ startedAt, durationMs }: HostResult | TaskResult): Record<string, unknown> {
  return { startedAt: startedAt?.toISOString() ?? null, durationMs };
}

export function resultPieces(result: HostResult): Generator<string> {
  return outputPieces({ ...jsonTarget(result.target), ...jsonEnding(result) }, result);
}

/**
 * A result as JSON, in pieces: the outputs together may be longer than the longest string.
 * @param before what it says besides its output
 */
export function* outputPieces(
  before: Record<string, unknown>,
  result: HostResult | TaskResult,
): Generator<string> {
  const encodings = { stdout: encodingOf(result.stdout), stderr: encodingOf(result.stderr) };
  yield `${JSON.stringify(before).slice(0, -1)},"stdout":"`;
  yield* jsonStringPieces(result.stdout, encodings.stdout);
  yield '","stderr":"';
  yield* jsonStringPieces(result.stderr, encodings.stderr);
  const after = {
    stdoutEncoding: encodings.stdout,
    stderrEncoding: encodings.stderr,
    truncated: result.truncated,
    ...(result.files === undefined ? {} : { files: result.files }),
    error: result.error,
  };
  yield `",${JSON.stringify(after).slice(1)}`;
}
