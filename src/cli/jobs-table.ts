import { deathOf, type Job } from '../core/job.js';
import type { HostResult } from '../core/result.js';
import type { Target } from '../core/target.js';
import { jsonTarget } from '../sinks/json-text.js';

export interface JobRow {
  readonly target: Target;
  readonly job: Job;
}

/** A line a host and job. */
export function jobsTable(rows: readonly JobRow[]): readonly string[] {
  const cells = rows.map(({ target, job }) => [
    target.label,
    job.name,
    stateText(job),
    timeText(job.startedAt),
    job.command,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => onOneLine(cell).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function stateText(job: Job): string {
  if (job.signal !== null) return `killed by SIG${job.signal}`;
  if (job.exitCode !== null) return job.exitCode === 0 ? 'ok' : `exit status ${job.exitCode}`;
  return job.state === 'died' ? (deathOf(job).split(': ')[1] ?? job.state) : job.state;
}

const timeText = (time: Date | null): string =>
  time === null ? '' : time.toISOString().replace('T', ' ').replace('.000Z', 'Z');

/** What a host says moves nothing on a terminal. */
const onOneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');

/** `jobs list --json`; schema/jobs-1.json describes it. */
export function jobsDocument(
  targets: readonly Target[],
  results: readonly HostResult[],
  rows: readonly JobRow[],
): string {
  const hosts = targets.map((target) => {
    const result = results.find((one) => one.target === target);
    return { ...jsonTarget(target), status: result?.status ?? 'skipped', error: result?.error ?? null };
  });
  const jobs = rows.map(({ target, job }) => ({ ...jsonTarget(target), ...job }));
  return JSON.stringify({ schema: 'pssh-ts/jobs@1', hosts, jobs });
}
