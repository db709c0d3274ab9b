import { appendFileSync, statSync } from 'node:fs';
import { formatDuration } from '../core/duration.js';
import type { RunEvent, RunSummary, Sink } from '../core/events.js';
import { foldNames } from '../core/fold.js';
import { NO_OUTPUT } from '../core/output.js';
import { type HostResult, hostStatus } from '../core/result.js';
import { systemReason } from './file-fault.js';
import { markdownCell } from './github-text.js';
import type { Limits } from './outcome.js';
import { endingOf } from './reason.js';
import type { Writer } from './writer.js';

export interface GithubSummaryOptions {
  /** $GITHUB_STEP_SUMMARY. */
  readonly file: string;
  readonly command: string;
  readonly limits: Limits;
  readonly stderr: Writer;
}

// GitHub drops the whole summary of a step that is larger.
const MOST_BYTES = 1024 * 1024;
const LONGEST_CELL = 500;

/** The table in a job's summary: a row for each host that failed, the others folded. */
export class GithubSummarySink implements Sink {
  private readonly results = new Map<number, HostResult[]>();
  private summary: RunSummary | null = null;

  constructor(private readonly options: GithubSummaryOptions) {}

  event(event: RunEvent): void {
    if (event.type === 'summary') this.summary = event.summary;
    if (event.type !== 'finished') return;
    // Without what was captured: the rest is small.
    const result = { ...event.result, stdout: NO_OUTPUT, stderr: NO_OUTPUT };
    const before = this.results.get(event.target.index);
    if (before === undefined) this.results.set(event.target.index, [result]);
    else before.push(result);
  }

  async end(): Promise<void> {
    const { file, stderr } = this.options;
    try {
      const used = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      const text = this.render(MOST_BYTES - used);
      if (text !== '') appendFileSync(file, text);
    } catch (error) {
      // The job's page lacks a table; the run itself is none the worse.
      await stderr.write(`pssh-ts: the job summary can't be written: ${systemReason(error)}\n`);
    }
  }

  private render(room: number): string {
    const hosts = [...this.results.values()].sort((a, b) => indexOf(a) - indexOf(b));
    const good = hosts.filter((results) => hostStatus(results) === 'ok' || allPlanned(results));
    const isGood = new Set(good);
    const bad = hosts.filter((results) => !isGood.has(results));
    const { total = hosts.length, durationMs = 0 } = this.summary ?? {};
    const count = bad.length === 0 ? `${total} ok` : `${bad.length} of ${total} failed`;
    let text =
      `### pssh-ts: ${count} in ${formatDuration(durationMs)}\n\n${markdownCell(cut(this.options.command))}\n\n` +
      '| host | result | time |\n| --- | --- | --- |\n';
    const rows = bad.map((results) => this.row(results));
    if (good.length > 0)
      rows.push(`| ${markdownCell(cut(foldNames(good.map(labelOf)), 4000))} | ok (${good.length}) | |\n`);
    const ending = '\n_The table is cut: the summary would be too large._\n\n';
    let left = room - Buffer.byteLength(text) - Buffer.byteLength(ending);
    if (left < 0) return '';
    for (const row of rows) {
      left -= Buffer.byteLength(row);
      if (left < 0) return `${text}${ending}`;
      text += row;
    }
    return `${text}\n`;
  }

  private row(results: readonly HostResult[]): string {
    const worst = hostStatus(results);
    const result = results.find(({ status }) => status === worst) ?? results[0];
    const time = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const reason = result === undefined ? worst : endingOf(result, this.options.limits);
    return `| ${markdownCell(labelOf(results))} | ${markdownCell(cut(reason))} | ${formatDuration(time)} |\n`;
  }
}

const indexOf = (results: readonly HostResult[]): number => results[0]?.target.index ?? 0;
const labelOf = (results: readonly HostResult[]): string => results[0]?.target.label ?? '';
const allPlanned = (results: readonly HostResult[]): boolean =>
  results.every(({ status, skippedBy }) => status === 'ok' || (status === 'skipped' && skippedBy === 'plan'));

function cut(text: string, longest = LONGEST_CELL): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
