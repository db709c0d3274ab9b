import type { Status } from '../../core/result.js';

/** What the page is made of; its script reads it. */
export interface ReportData {
  readonly command: string;
  readonly steps: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly hosts: readonly ReportHost[];
  readonly groups: readonly ReportGroup[];
}

/** Times are milliseconds since the first host began; null: it never came to that. An array, for there are many. */
export type ReportHost = readonly [
  label: string,
  status: Status,
  reason: string,
  begun: number | null,
  connected: number | null,
  ended: number | null,
  groups: readonly number[],
];

/** Results with the same output and the same end. */
export interface ReportGroup {
  readonly step: number;
  readonly status: Status;
  readonly reason: string;
  readonly stdout: string;
  readonly stderr: string;
}
