import type { RunEvent, Sink } from '../core/events.js';

// Each may be a packet of 32 KiB; more than a few ahead gain nothing.
const AHEAD = 16;

/** The events of a run for one reader, who sets the pace: beyond a few ahead the run waits for him. */
export class EventQueue implements Sink {
  private events: RunEvent[] = [];
  private readonly held: (() => void)[] = [];
  private wake: (() => void) | null = null;
  private ended = false;
  private free = false;
  private dropping = false;

  event(event: RunEvent): void | Promise<void> {
    if (this.dropping) return undefined;
    this.events.push(event);
    this.wake?.();
    if (this.free || this.events.length <= AHEAD) return undefined;
    return new Promise((resolve) => this.held.push(resolve));
  }

  /** Nothing further comes. */
  finish(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Nobody is held any more: the run has to end now, whether somebody reads or not. */
  letRun(): void {
    this.free = true;
    for (const resolve of this.held.splice(0)) resolve();
  }

  /** The reader has gone: what comes is not kept. */
  drop(): void {
    this.dropping = true;
    this.events = [];
    this.letRun();
  }

  /** The next event; null: there is none any more. */
  async next(): Promise<RunEvent | null> {
    for (;;) {
      const event = this.events.shift();
      if (event !== undefined) {
        if (this.events.length < AHEAD) for (const resolve of this.held.splice(0)) resolve();
        return event;
      }
      if (this.ended) return null;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = null;
    }
  }
}
