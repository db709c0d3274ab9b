import { nowMs } from '../ssh/now.js';

/** Our own clock over all of a host's connecting: ssh's ConnectTimeout does not end a peer that falls silent. */
export class Clock {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly forward: () => void;
  /** The time ran out; not set by a cancel from outside. */
  expired = false;
  private readonly end: number;

  constructor(
    private readonly outer: AbortSignal,
    ms: number,
  ) {
    this.forward = () => this.controller.abort(outer.reason);
    outer.addEventListener('abort', this.forward, { once: true });
    if (outer.aborted) this.forward();
    this.end = nowMs() + ms;
    this.timer = setTimeout(() => {
      this.expired = true;
      this.controller.abort(new Error('the time to connect is over'));
    }, ms);
  }

  /** Aborted when the time is over, or with the outer signal and its reason. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get leftMs(): number {
    return Math.max(0, this.end - nowMs());
  }

  stop(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.forward);
  }
}
