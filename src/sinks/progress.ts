import { formatDuration } from '../core/duration.js';
import type { RunEvent, Sink } from '../core/events.js';
import type { Target } from '../core/target.js';
import { formatSize } from './block.js';
import type { Part } from './fit-parts.js';
import { ProgressClock, rateOf } from './progress-clock.js';
import { redIf } from './red.js';
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
  /** Bytes of files that are to be sent; null where that is not known. */
  readonly bytes: number | null;
}

interface Running {
  readonly label: string;
  readonly since: number;
  stepsDone: number;
  /** By the step that runs. */
  bytes: number;
}

/** How far a run is: hosts done, running and failed, bytes moved, the host that runs longest, the rate and what is left. */
export class ProgressSink implements Sink {
  /** In the order in which they began. */
  private readonly running = new Map<number, Running>();
  private readonly failed = new Set<number>();
  private done = 0;
  private bytes = 0;
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
      const { files = [] } = event.result;
      this.moved(
        host,
        Math.max(
          host.bytes,
          files.reduce((sum, { bytes }) => sum + bytes, 0),
        ),
      );
      host.bytes = 0;
      host.stepsDone += 1;
      if (host.stepsDone < this.options.steps) return;
      this.running.delete(event.target.index);
      this.done += 1;
    } else if (event.type === 'moved') {
      this.moved(this.host(event), event.bytes);
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

  private moved(host: Running, bytes: number): void {
    this.bytes += bytes - host.bytes;
    host.bytes = bytes;
  }

  private host({ target }: { readonly target: Target }): Running {
    let host = this.running.get(target.index);
    if (host === undefined) {
      host = { label: target.label, since: performance.now(), stepsDone: 0, bytes: 0 };
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
      parts.push({ text, shown: redIf(text, color) });
    }
    const passed = now - this.clock.started;
    if (this.bytes > 0) {
      const of = this.options.bytes === null ? '' : ` of ${formatSize(this.options.bytes)}`;
      parts.push({ text: `${formatSize(this.bytes)}${of} moved` });
      parts.push({ text: `${formatSize(Math.round((this.bytes * 1000) / passed))} a second` });
    }
    const [oldest] = this.running.values();
    if (oldest !== undefined)
      parts.push({ text: `oldest ${oldest.label} ${wholeSeconds(now - oldest.since)}` });
    const share = this.share();
    if (share > 0 && share < 1) parts.push({ text: `about ${wholeSeconds(passed / share - passed)} left` });
    if (this.done > 0 && this.bytes === 0) parts.push({ text: rateOf((this.done * 1000) / passed) });
    return parts;
  }

  /** Of the whole run, 0 to 1: by bytes where all are known, else by hosts. */
  private share(): number {
    const { bytes, hosts } = this.options;
    return bytes === null || this.bytes === 0 ? this.done / hosts : Math.min(1, this.bytes / bytes);
  }
}

/** Tenths would only flicker. */
function wholeSeconds(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds}s` : formatDuration(seconds * 1000);
}
