import type { MapSummary, TaskResult } from '../../core/map/task.js';
import { jsonCounts, jsonOutcome, jsonTime, outputPieces } from '../json-result.js';
import { jsonTarget } from '../json-text.js';

/** What a task's result says besides its output. */
export function taskEnding(result: TaskResult): Record<string, unknown> {
  const { task, target } = result;
  return {
    seq: task.seq,
    key: task.key,
    values: task.values,
    command: result.command,
    ...jsonTarget(target),
    slot: target === null ? null : result.slot,
    ...jsonOutcome(result),
    tries: result.tries,
    ...jsonTime(result),
  };
}

export function taskPieces(result: TaskResult, head: Record<string, unknown> = {}): Generator<string> {
  return outputPieces({ ...head, ...taskEnding(result) }, result);
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
      ...jsonTarget(target),
      tasks,
      out: out === null ? null : { status: out.status, message: out.message, error: out.error },
    })),
  };
}
