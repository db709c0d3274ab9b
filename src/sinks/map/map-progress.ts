import type { Sink } from '../../core/events.js';
import type { MapEvent } from '../../core/map/task.js';
import type { Part } from '../fit-parts.js';
import { ProgressClock, rateOf } from '../progress-clock.js';
import { redIf } from '../red.js';
import type { Screen } from '../screen.js';
import type { Writer } from '../writer.js';

export interface MapProgressOptions {
  /** Where the line is redrawn in place; null: lines of text on stderr, ever more seldom. */
  readonly screen: Screen | null;
  readonly stderr: Writer;
  readonly color: boolean;
  readonly hosts: number;
}

/** How far a map is: tasks done, running and failed, hosts at work, the rate. How many there are is not known. */
export class MapProgressSink implements Sink<MapEvent> {
  private readonly clock: ProgressClock;
  private done = 0;
  private failed = 0;
  private running = 0;
  private connected = 0;
  private out = 0;

  constructor(private readonly options: MapProgressOptions) {
    this.clock = new ProgressClock(options.screen, options.stderr, (now) => this.parts(now));
  }

  event(event: MapEvent): void {
    switch (event.type) {
      case 'connected':
        this.connected += 1;
        break;
      case 'out':
        this.out += 1;
        break;
      case 'started':
        this.running += 1;
        break;
      case 'again':
        this.running -= 1;
        break;
      case 'finished':
        if (event.result.tries > 0) this.running -= 1;
        this.done += 1;
        if (event.result.status !== 'ok') this.failed += 1;
        break;
      case 'summary':
        this.clock.stop();
        break;
      default:
    }
  }

  end(): void {
    this.clock.stop();
  }

  private parts(now: number): Part[] {
    const { color, hosts } = this.options;
    const parts: Part[] = [{ text: `${this.done} done` }, { text: `${Math.max(0, this.running)} running` }];
    if (this.failed > 0) {
      const text = `${this.failed} failed`;
      parts.push({ text, shown: redIf(text, color) });
    }
    parts.push({ text: `${Math.max(0, this.connected - this.out)}/${hosts} hosts` });
    if (this.done > 0) parts.push({ text: rateOf((this.done * 1000) / (now - this.clock.started)) });
    return parts;
  }
}
