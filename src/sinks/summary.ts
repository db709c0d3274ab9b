import { formatDuration } from '../core/duration.js';
import type { RunEvent, RunSummary, Sink } from '../core/events.js';
import type { HostResult, Status } from '../core/result.js';
import { terminalSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface SummaryOptions {
  readonly stderr: Writer;
  /** Only what went wrong. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly timeoutMs: number | null;
}

const RED = '\u001b[31m';
const RESET = '\u001b[0m';

/** On stderr: notes as they come; at the end one line when all is well, else which hosts failed and why. */
export class SummarySink implements Sink {
  private readonly failures: HostResult[] = [];

  constructor(private readonly options: SummaryOptions) {}

  event(event: RunEvent): void | Promise<void> {
    const { stderr, quiet, verbose } = this.options;
    switch (event.type) {
      case 'note':
        return quiet ? undefined : stderr.write(`pssh-ts: ${labelOf(event.target)}${event.message}\n`);
      case 'connecting':
        return verbose
          ? stderr.write(`pssh-ts: ${labelOf(event.target)}logging in${again(event.attempt)}\n`)
          : undefined;
      case 'connected':
        return verbose
          ? stderr.write(
              `pssh-ts: ${labelOf(event.target)}connected${event.reused ? ' (live master)' : ''}${over(event)}\n`,
            )
          : undefined;
      case 'finished':
        if (event.result.status !== 'ok' && event.result.skippedBy !== 'plan')
          this.failures.push(event.result);
        return undefined;
      case 'summary':
        return stderr.write(this.render(event.summary));
      default:
        return undefined;
    }
  }

  private render(summary: RunSummary): string {
    const { total, durationMs } = summary;
    const time = formatDuration(durationMs);
    const hosts = `${total} host${total === 1 ? '' : 's'}`;
    if (this.failures.length === 0) return this.options.quiet ? '' : `pssh-ts: ${hosts} ok in ${time}\n`;
    const lines = [...groupFailures(this.failures, this.options.timeoutMs)].map(([reason, labels]) => {
      return `  ${labels.join(',')}: ${terminalSafe(reason)}\n`;
    });
    const failed = new Set(this.failures.map(({ target }) => target.index)).size;
    const head = `pssh-ts: ${failed} of ${hosts} failed in ${time}`;
    return `${this.options.color ? `${RED}${head}${RESET}` : head}\n${lines.join('')}`;
  }
}

function labelOf(target: { readonly label: string } | null): string {
  return target === null ? '' : `${target.label}: `;
}

function over({ transport }: Extract<RunEvent, { type: 'connected' }>): string {
  return `, over ${transport.kind}${transport.reason === undefined ? '' : ` (${transport.reason})`}`;
}

function again(attempt: number): string {
  return attempt > 1 ? `, attempt ${attempt}` : '';
}

/** Hosts that failed alike stand in one line, in the targets' order. */
function groupFailures(failures: readonly HostResult[], timeoutMs: number | null): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const ordered = [...failures].sort((a, b) => a.target.index - b.target.index || a.step - b.step);
  for (const result of ordered) {
    const reason = reasonOf(result, timeoutMs);
    const labels = groups.get(reason);
    if (labels === undefined) groups.set(reason, [result.target.label]);
    else if (labels.at(-1) !== result.target.label) labels.push(result.target.label);
  }
  return groups;
}

const KILLED_NOTE = {
  confirmed: ', ended on the host',
  unknown: '; whether it still runs on the host is not known',
} as const;

/** How a step failed, for people. */
export function reasonOf(result: HostResult, timeoutMs: number | null): string {
  const killed = result.killed === null ? '' : KILLED_NOTE[result.killed];
  const said = result.error === null ? '' : `: ${result.error.message}`;
  const reasons: Record<Status, () => string> = {
    ok: () => 'ok',
    failed: () => (result.exitCode === null ? `failed${said}` : `exit status ${result.exitCode}`),
    signaled: () => `killed by ${result.signal === null ? 'a signal' : `SIG${result.signal}`}`,
    'timed-out': () => `timed-out${timeoutMs === null ? '' : ` after ${formatDuration(timeoutMs)}`}${killed}`,
    canceled: () => `canceled${killed}`,
    unreachable: () => `unreachable${said}`,
    'auth-failed': () => `auth-failed${said}`,
    'host-key-failed': () => `host-key-failed${said}`,
    disconnected: () => `disconnected${said}`,
    skipped: () => 'skipped: not run',
  };
  return reasons[result.status]();
}
