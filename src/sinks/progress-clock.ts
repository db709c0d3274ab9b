import { fitParts, type Part } from './fit-parts.js';
import type { Screen } from './screen.js';
import type { Writer } from './writer.js';

// A run that is over by then stays without it.
const APPEARS_MS = 1_000;
const TICK_MS = 100;
const FIRST_LINE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

/** Shows a status line: redrawn in place, or where there is no screen as lines of text, ever more seldom. */
export class ProgressClock {
  readonly started = performance.now();
  private nextLine = FIRST_LINE_MS;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly screen: Screen | null,
    private readonly stderr: Writer,
    private readonly parts: (now: number) => readonly Part[],
  ) {
    this.timer = setInterval(() => this.tick(performance.now()), TICK_MS);
    this.timer.unref();
  }

  /** @param now as performance.now() gives it */
  tick(now: number): void {
    const { screen } = this;
    const passed = now - this.started;
    if (screen !== null) {
      if (passed < APPEARS_MS) return;
      screen.show((columns) => fitParts(this.parts(performance.now()), columns - 1));
    } else if (passed >= this.nextLine) {
      while (this.nextLine <= passed) this.nextLine += Math.min(this.nextLine, LONGEST_PAUSE_MS);
      void this.stderr.writeLines(`pssh-ts: ${fitParts(this.parts(now), Number.POSITIVE_INFINITY)}\n`);
    }
  }

  stop(): void {
    clearInterval(this.timer);
    this.screen?.show(null);
  }
}

/** `12.5 a second`, or `30.0 a minute`. */
export const rateOf = (perSecond: number): string =>
  perSecond < 1 ? `${(perSecond * 60).toFixed(1)} a minute` : `${perSecond.toFixed(1)} a second`;
