import { formatDuration } from '../core/duration.js';
import type { RunEvent, Sink } from '../core/events.js';
import type { Part } from './fit-parts.js';
import { ProgressClock, rateOf } from './progress-clock.js';
import type { Screen } from './screen.js';
import type { Writer } from './writer.js';

export interface ProgressOptions {
  /** Where the line is redrawn in place; null: lines of text on stderr, ever more seldom. */
  readonly screen: Screen | null;
  readonly stderr: Writer;
  readonly color: boolean;
  readonly hosts: number;
  /** Steps of each host. */
  readonly steps: number;
}

const RED = '\u001b[31m';
const RESET = '\u001b[0m';

interface Running {
  readonly label: string;
  readonly since: number;
  stepsDone: number;
}

/** How far a run is: hosts done, running and failed, the one that runs longest, the rate and what is left. */
export class ProgressSink implements Sink {
  /** In the order in which they began. */
  private readonly running = new Map<number, Running>();
  private readonly failed = new Set<number>();
  private done = 0;
  private readonly clock: ProgressClock;

  constructor(private readonly options: ProgressOptions) {
    this.clock = new ProgressClock(options.screen, options.stderr, (now) => this.parts(now));
  }

  event(event: RunEvent): void {
    if (event.type === 'summary') {
      this.clock.stop();
    } else if (event.type === 'finished') {
      if (event.result.status !== 'ok' && event.result.skippedBy !== 'plan')
        this.failed.add(event.target.index);
      const host = this.host(event);
      host.stepsDone += 1;
      if (host.stepsDone < this.options.steps) return;
      this.running.delete(event.target.index);
      this.done += 1;
    } else if (event.type === 'connecting' || event.type === 'connected' || event.type === 'started') {
      this.host(event);
    }
  }

  end(): void {
    this.clock.stop();
  }

  /** Shows how things stand. @param now as performance.now() gives it */
  tick(now: number): void {
    this.clock.tick(now);
  }

  private host({ target }: Extract<RunEvent, { type: 'connecting' | 'connected' | 'started' | 'finished' }>) {
    let host = this.running.get(target.index);
    if (host === undefined) {
      host = { label: target.label, since: performance.now(), stepsDone: 0 };
      this.running.set(target.index, host);
    }
    return host;
  }

  /** In the order of what is wanted most: a narrow terminal leaves the last away. */
  private parts(now: number): Part[] {
    const { hosts, color } = this.options;
    const parts: Part[] = [{ text: `${this.done}/${hosts} done` }, { text: `${this.running.size} running` }];
    if (this.failed.size > 0) {
      const text = `${this.failed.size} failed`;
      parts.push(color ? { text, shown: `${RED}${text}${RESET}` } : { text });
    }
    const [oldest] = this.running.values();
    if (oldest !== undefined)
      parts.push({ text: `oldest ${oldest.label} ${wholeSeconds(now - oldest.since)}` });
    if (this.done === 0) return parts;
    const perSecond = (this.done * 1000) / (now - this.clock.started);
    const left = ((hosts - this.done) / perSecond) * 1000;
    parts.push({ text: `about ${wholeSeconds(left)} left` });
    parts.push({ text: rateOf(perSecond) });
    return parts;
  }
}

/** Tenths would only flicker. */
function wholeSeconds(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds}s` : formatDuration(seconds * 1000);
}
