import type { MapSummary, TaskResult } from '../../core/map/task.js';
import { targetName } from '../../core/target.js';
import { jsonCounts } from '../json-result.js';
import { encodingOf, jsonStringPieces, jsonTarget } from '../json-text.js';

const NOWHERE = { host: null, user: null, port: null, index: null } as const;

/** What a task's result says besides its output. */
export function taskEnding(result: TaskResult): Record<string, unknown> {
  const { task, target } = result;
  return {
    seq: task.seq,
    key: task.key,
    values: task.values,
    command: result.command,
    ...(target === null ? NOWHERE : jsonTarget(target)),
    slot: target === null ? null : result.slot,
    status: result.status,
    exitCode: result.exitCode,
    signal: result.signal,
    killed: result.killed,
    ...(result.skippedBy === undefined ? {} : { skippedBy: result.skippedBy }),
    ...(result.timedOutBy === undefined ? {} : { timedOutBy: result.timedOutBy }),
    tries: result.tries,
    startedAt: result.startedAt?.toISOString() ?? null,
    durationMs: result.durationMs,
  };
}

/** A result as JSON, in pieces: the outputs together may be longer than the longest string. */
export function* taskPieces(result: TaskResult, head: Record<string, unknown> = {}): Generator<string> {
  const encodings = { stdout: encodingOf(result.stdout), stderr: encodingOf(result.stderr) };
  yield `${JSON.stringify({ ...head, ...taskEnding(result) }).slice(0, -1)},"stdout":"`;
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

/** The end of a map: how many tasks ended how, and each host's part. */
export function mapEnding(summary: MapSummary): Record<string, unknown> {
  return {
    durationMs: summary.durationMs,
    exitCode: summary.exitCode,
    summary: {
      total: summary.total,
      ...jsonCounts(summary.counts),
      known: summary.known,
      unread: summary.unread,
    },
    hosts: summary.hosts.map(({ target, tasks, out }) => ({
      host: targetName(target),
      user: target.user ?? null,
      port: target.port ?? null,
      index: target.index,
      tasks,
      out: out === null ? null : { status: out.status, message: out.message, error: out.error },
    })),
  };
}
