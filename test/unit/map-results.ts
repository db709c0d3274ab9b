import type { Task, TaskResult } from '../../src/core/map/task.js';
import { NO_OUTPUT } from '../../src/core/output.js';
import { makeTarget } from './make.js';

export const makeTask = (seq = 1, values: readonly string[] = ['a']): Task => ({
  seq,
  values,
  key: seq.toString(16).padStart(16, '0'),
});

/** A result with all that a test does not care about. */
export function makeTaskResult(rest: Partial<TaskResult> = {}): TaskResult {
  return {
    task: makeTask(),
    order: 0,
    target: makeTarget(),
    slot: 1,
    command: 'echo a',
    status: 'ok',
    exitCode: 0,
    signal: null,
    killed: null,
    stdout: NO_OUTPUT,
    stderr: NO_OUTPUT,
    truncated: false,
    tries: 1,
    startedAt: new Date(1_700_000_000_123),
    durationMs: 1500,
    sent: 0,
    received: 0,
    error: null,
    ...rest,
  };
}
