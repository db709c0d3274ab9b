import { formatDuration } from '../../core/duration.js';
import type { Sink } from '../../core/events.js';
import type { MapEvent, MapSummary, TaskResult } from '../../core/map/task.js';
import { type Limits, reasonOf } from '../outcome.js';
import { redIf } from '../red.js';
import { safeInLine } from '../terminal-safe.js';
import type { Writer } from '../writer.js';

export interface MapSummaryOptions {
  readonly stderr: Writer;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly limits: Limits;
}

// What is told of each kind of failure; a million failed tasks must not be held.
const MOST_REASONS = 8;
const MOST_NUMBERS = 10_000;

interface Group {
  readonly status: string;
  readonly reason: string;
  /** Numbers of the tasks, as many as are told. */
  readonly seqs: number[];
  count: number;
}

/** On stderr: notes as they come, and at the end how many tasks failed, which, and which hosts were out. */
export class MapSummarySink implements Sink<MapEvent> {
  private readonly groups = new Map<string, Group>();
  private summary: MapSummary | null = null;

  constructor(private readonly options: MapSummaryOptions) {}

  event(event: MapEvent): void | Promise<void> {
    const { quiet, verbose } = this.options;
    switch (event.type) {
      case 'note': {
        const label = event.target === null ? '' : `${event.target.label}: `;
        return quiet ? undefined : this.tell(`${label}${event.message}`);
      }
      case 'out':
        return quiet ? undefined : this.tell(`${event.target.label} is out: ${event.out.message}`);
      case 'connecting':
        return verbose
          ? this.tell(
              `${event.target.label}: logging in${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`,
            )
          : undefined;
      case 'connected': {
        const { target, reused, transport, slots } = event;
        const over = `over ${transport.kind}${transport.reason === undefined ? '' : ` (${transport.reason})`}`;
        const text = `${target.label}: connected${reused ? ' (live master)' : ''}, ${over}, ${countOf(slots, 'slot')}`;
        return verbose ? this.tell(text) : undefined;
      }
      case 'again': {
        const { task, target } = event.result;
        const text = `task ${task.seq} is tried again; on ${target?.label ?? ''}: ${this.why(event.result)}`;
        return verbose ? this.tell(text) : undefined;
      }
      case 'finished':
        this.add(event.result);
        return undefined;
      case 'summary':
        this.summary = event.summary;
        return undefined;
      default:
        return undefined;
    }
  }

  end(): void | Promise<void> {
    return this.summary === null ? undefined : this.options.stderr.writeLines(this.render(this.summary));
  }

  private add(result: TaskResult): void {
    const { status } = result;
    if (status === 'ok') return;
    const wanted = `${status}: ${this.why(result)}`;
    const isRoom = this.groups.has(wanted) || this.groups.size < MOST_REASONS;
    const key = isRoom ? wanted : status;
    const reason = isRoom ? this.why(result) : 'other reasons';
    const group = this.groups.get(key) ?? { status, reason, seqs: [], count: 0 };
    this.groups.set(key, group);
    group.count += 1;
    if (group.seqs.length < MOST_NUMBERS) group.seqs.push(result.task.seq);
  }

  private why(result: TaskResult): string {
    return reasonOf({ ...result, step: 0 }, this.options.limits);
  }

  private render({ total, counts, known, unread, hosts, durationMs }: MapSummary): string {
    const { quiet, color } = this.options;
    const time = formatDuration(durationMs);
    const failed = total - counts.ok;
    const tasks = countOf(total, 'task');
    const out = hosts.filter((host) => host.out !== null);
    const by = `${countOf(hosts.length - out.length, 'host')}`;
    const before = known === 0 ? '' : `; ${known} done before`;
    const rest = unread ? '; not all of the input was read' : '';
    if (failed === 0 && !unread) return quiet ? '' : `pssh-ts: ${tasks} ok on ${by} in ${time}${before}\n`;
    const head = `pssh-ts: ${failed} of ${tasks} failed on ${by} in ${time}${before}${rest}`;
    const groups = [...this.groups.values()].sort((a, b) => b.count - a.count).map(groupLine);
    const gone = out.map(
      ({ target, out: why }) => `  out: ${safeInLine(target.label)}: ${safeInLine(why?.message ?? '')}\n`,
    );
    return `${redIf(head, color)}\n${groups.join('')}${gone.join('')}`;
  }

  private tell(text: string): void | Promise<void> {
    return this.options.stderr.writeLines(`pssh-ts: ${safeInLine(text)}\n`);
  }
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `  failed: tasks 3-5,9: exit status 1` */
function groupLine({ status, reason, seqs, count }: Group): string {
  const names = `${count === 1 ? 'task' : 'tasks'} ${ranges(seqs)}${seqs.length < count ? ',…' : ''}`;
  return `  ${status}: ${names}${reason === '' ? '' : `: ${safeInLine(reason)}`}\n`;
}

const MOST_RANGES = 20;

function ranges(seqs: readonly number[]): string {
  const sorted = [...seqs].sort((a, b) => a - b);
  const found: { from: number; to: number }[] = [];
  for (const seq of sorted) {
    const last = found.at(-1);
    if (last !== undefined && last.to + 1 === seq) last.to = seq;
    else found.push({ from: seq, to: seq });
  }
  const shown = found
    .slice(0, MOST_RANGES)
    .map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
  return `${shown.join(',')}${found.length > MOST_RANGES ? ',…' : ''}`;
}
