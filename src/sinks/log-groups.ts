import { randomBytes } from 'node:crypto';
import { formatDuration } from '../core/duration.js';
import type { RunEvent, Sink } from '../core/events.js';
import type { HostResult } from '../core/result.js';
import type { Target } from '../core/target.js';
import { githubData } from './github-text.js';
import { HeadTail } from './head-tail.js';
import type { LogReader } from './log-guard.js';
import type { Limits } from './outcome.js';
import { endingOf } from './reason.js';
import { terminalSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface LogGroupsOptions {
  readonly stdout: Writer;
  readonly reader: LogReader;
  /** Commands a host. */
  readonly steps: number;
  readonly limits: Limits;
  /** Bytes held of a host. */
  readonly maxOutput: number;
  /** Told of a host of whose output not all could be held. */
  readonly onCut: (target: Target) => void;
}

// A log that is larger for one host is not read by people, and the runner holds it too.
const MOST_HELD = 4 * 1024 * 1024;

interface Host {
  readonly output: HeadTail;
  readonly results: HostResult[];
  startedAt: number;
}

/** A host as a group of the log: its title, whether it failed, and what it said. */
interface Group {
  readonly title: string;
  readonly failed: boolean;
  readonly text: string;
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** `--format github`, `--format gitlab`: each host whole when it is done, as a group that folds. */
export class LogGroupsSink implements Sink {
  private readonly hosts = new Map<number, Host>();

  constructor(private readonly options: LogGroupsOptions) {}

  event(event: RunEvent): void | Promise<void> {
    if (event.type === 'output') this.hostOf(event.target.index, event.time).output.add(event.data);
    else if (event.type === 'connecting' || event.type === 'started')
      this.hostOf(event.target.index, event.time);
    else if (event.type === 'finished') {
      const host = this.hostOf(event.target.index, event.time);
      host.results.push(event.result);
      if (host.results.length === this.options.steps) return this.write(host, event);
    }
    return undefined;
  }

  private hostOf(index: number, time: number): Host {
    let host = this.hosts.get(index);
    if (host === undefined) {
      const output = new HeadTail(Math.min(this.options.maxOutput, MOST_HELD));
      host = { output, results: [], startedAt: time };
      this.hosts.set(index, host);
    }
    return host;
  }

  private write(
    { output, results, startedAt }: Host,
    { target, time }: Extract<RunEvent, { type: 'finished' }>,
  ): void | Promise<void> {
    this.hosts.delete(target.index);
    if (output.omitted > 0) this.options.onCut(target);
    const bad = results.find(({ status, skippedBy }) => status !== 'ok' && skippedBy !== 'plan');
    const ms = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const reason = bad === undefined ? 'ok' : endingOf(bad, this.options.limits);
    const text = output.text();
    const group: Group = {
      title: `${target.label}: ${reason} (${formatDuration(ms)})`,
      failed: bad !== undefined,
      text: text === '' || text.endsWith('\n') ? text : `${text}\n`,
      name: `pssh_ts_${target.index}`,
      startedAt: Math.floor(startedAt / 1000),
      endedAt: Math.floor(time / 1000),
    };
    return this.options.stdout.write(RENDER[this.options.reader](group));
  }
}

const RENDER: Readonly<Record<LogReader, (group: Group) => string>> = { github, gitlab };

// A token that the host can't know: no line of its output ends the fence.
function github({ title, text }: Group): string {
  const token = randomBytes(16).toString('hex');
  const fenced = text === '' ? '' : `::stop-commands::${token}\n${text}::${token}::\n`;
  return `::group::${githubData(terminalSafe(title))}\n${fenced}::endgroup::\n`;
}

// What failed stands open.
function gitlab({ title, failed, text, name, startedAt, endedAt }: Group): string {
  const options = failed ? '' : '[collapsed=true]';
  return (
    `\u001b[0Ksection_start:${startedAt}:${name}${options}\r\u001b[0K${unmarked(title.replace(/\s+/g, ' '))}\n` +
    `${unmarked(text)}\u001b[0Ksection_end:${endedAt}:${name}\r\u001b[0K\n`
  );
}

function unmarked(text: string): string {
  return terminalSafe(text).replace(/section_(start|end):/g, 'section_$1\\:');
}
