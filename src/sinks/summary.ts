import { formatDuration } from '../core/duration.js';
import type { RunEvent, RunSummary, Sink } from '../core/events.js';
import { foldNames } from '../core/fold.js';
import type { Target } from '../core/target.js';
import { formatSize } from './block.js';
import { type FailureGroup, Failures } from './failures.js';
import type { Limits } from './outcome.js';
import { redIf } from './red.js';
import { safeInLine } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface SummaryOptions {
  readonly stderr: Writer;
  /** Only what went wrong. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly limits: Limits;
  readonly maxOutput: number;
}

/** On stderr: notes as they come; at the end one line when all is well, else which hosts failed, how and why. */
export class SummarySink implements Sink {
  private readonly failures = new Failures();
  private readonly cut = new Set<string>();
  private summary: RunSummary | null = null;

  constructor(private readonly options: SummaryOptions) {}

  event(event: RunEvent): void | Promise<void> {
    const { stderr, quiet, verbose } = this.options;
    switch (event.type) {
      case 'note':
        return quiet
          ? undefined
          : stderr.writeLines(`pssh-ts: ${labelOf(event.target)}${safeInLine(event.message)}\n`);
      case 'connecting':
        return verbose
          ? stderr.writeLines(`pssh-ts: ${labelOf(event.target)}logging in${again(event.attempt)}\n`)
          : undefined;
      case 'connected':
        return verbose
          ? stderr.writeLines(
              `pssh-ts: ${labelOf(event.target)}connected${event.reused ? ' (live master)' : ''}${over(event)}\n`,
            )
          : undefined;
      case 'finished':
        this.failures.add(event.result);
        if (event.result.truncated) this.truncated(event.target);
        return undefined;
      case 'summary':
        this.summary = event.summary;
        return undefined;
      default:
        return undefined;
    }
  }

  /** Beneath what the other views have to say at the end. */
  end(): void | Promise<void> {
    return this.summary === null ? undefined : this.options.stderr.writeLines(this.render(this.summary));
  }

  /** Of this host's output not all was kept. */
  truncated(target: Target): void {
    this.cut.add(target.label);
  }

  private render({ total, durationMs }: RunSummary): string {
    const { quiet, color, limits } = this.options;
    const time = formatDuration(durationMs);
    const hosts = `${total} host${total === 1 ? '' : 's'}`;
    const failed = this.failures.hosts;
    const { notBegun, leftOut } = this.failures;
    const also = `${notBegun > 0 ? `, ${notBegun} not begun` : ''}${leftOut.length > 0 ? `, ${leftOut.length} left out` : ''}`;
    if (failed === 0 && notBegun === 0) {
      const ok = leftOut.length === 0 ? hosts : `${total - leftOut.length} of ${hosts}`;
      return quiet ? '' : `${this.warning()}pssh-ts: ${ok} ok${also} in ${time}\n${leftLine(leftOut)}`;
    }
    const head = `pssh-ts: ${failed} of ${hosts} failed${also} in ${time}`;
    const lines = this.failures.groups(limits).map((group) => failureLines(group, quiet));
    const left = quiet ? '' : leftLine(leftOut);
    return `${quiet ? '' : this.warning()}${redIf(head, color)}\n${lines.join('')}${left}`;
  }

  private warning(): string {
    if (this.cut.size === 0) return '';
    const size = formatSize(this.options.maxOutput);
    return `pssh-ts: output was cut after ${size} a stream (--max-output) on ${foldNames(this.cut)}\n`;
  }
}

/** `  timed-out: node[3-7]: after 30s`: the names are ready for the next -H. */
function failureLines({ status, targets, reason, hint }: FailureGroup, quiet: boolean): string {
  const names = foldNames(targets.map(({ label }) => label));
  const why = reason === '' ? '' : `: ${safeInLine(reason)}`;
  const what = hint === null || quiet ? '' : `    try: ${hint}\n`;
  return `  ${status}: ${safeInLine(names)}${why}\n${what}`;
}

/** Hosts on which nothing was to be run, ready for the next -H too. */
function leftLine(targets: readonly Target[]): string {
  if (targets.length === 0) return '';
  return `  left out: ${safeInLine(foldNames(targets.map(({ label }) => label)))}\n`;
}

function labelOf(target: { readonly label: string } | null): string {
  return target === null ? '' : `${safeInLine(target.label)}: `;
}

function over({ transport }: Extract<RunEvent, { type: 'connected' }>): string {
  return `, over ${transport.kind}${transport.reason === undefined ? '' : ` (${transport.reason})`}`;
}

function again(attempt: number): string {
  return attempt > 1 ? `, attempt ${attempt}` : '';
}
