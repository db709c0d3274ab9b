import { setTimeout as pause } from 'node:timers/promises';

const SHORTEST_PAUSE_MS = 5;

/** Holds a host's bytes back to so many a second. */
export class Rate {
  private readonly started = performance.now();
  private bytes = 0;

  /** @param limit bytes a second; null: as fast as they go */
  constructor(
    private readonly limit: number | null,
    private readonly signal: AbortSignal,
  ) {}

  /** Waits until these too may go. */
  async take(bytes: number): Promise<void> {
    if (this.limit === null) return;
    this.bytes += bytes;
    const due = (this.bytes / this.limit) * 1000 - (performance.now() - this.started);
    if (due > SHORTEST_PAUSE_MS) await pause(due, undefined, { signal: this.signal });
  }
}
