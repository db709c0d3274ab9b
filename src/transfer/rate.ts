import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../ssh/now.js';

const SHORTEST_PAUSE_MS = 5;
// Of a second: so much goes in one piece where there is a limit.
const SHARE_S = 0.1;

/** Holds a host's bytes back to so many a second. */
export class Rate {
  private readonly started = nowMs();
  private bytes = 0;

  /** @param limit bytes a second; null: as fast as they go */
  constructor(
    private readonly limit: number | null,
    private readonly signal: AbortSignal,
  ) {}

  /** The bytes in pieces of at most so many, each when it may go. */
  async *release(bytes: Buffer, most = bytes.length): AsyncGenerator<Buffer> {
    const size = Math.max(1, this.limit === null ? most : Math.min(most, Math.ceil(this.limit * SHARE_S)));
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      await this.take(piece.length);
      yield piece;
    }
  }

  /** Waits until these too may go. */
  async take(bytes: number): Promise<void> {
    if (this.limit === null) return;
    this.bytes += bytes;
    const due = (this.bytes / this.limit) * 1000 - (nowMs() - this.started);
    if (due > SHORTEST_PAUSE_MS) await pause(due, undefined, { signal: this.signal });
  }
}
