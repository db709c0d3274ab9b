import { Readable } from 'node:stream';
import { HeldBytes } from './held-bytes.js';
import type { Lasting } from './wire.js';

const HIGH_WATER_MARK = 16 * 1024;

/**
 * The remote's stdout or stderr. What the reader does not take is held, and so not given back to the window; what comes
 * in one turn is handed on in one piece.
 */
export class OutputStream extends Readable {
  private readonly held = new HeldBytes();
  private wanted = false;
  private ended = false;
  private handing = false;

  /** @param onTaken told how many bytes have gone on to the reader, or to nobody once it has gone away */
  constructor(private readonly onTaken: (bytes: number) => void) {
    super({ highWaterMark: HIGH_WATER_MARK });
  }

  /** @param lasting `passing`: it is copied, and the caller's again afterwards */
  offer(data: Buffer, lasting: Lasting): void {
    if (data.length === 0) return;
    if (this.destroyed) {
      this.onTaken(data.length);
      return;
    }
    this.held.add(data, lasting);
    if (this.wanted) this.handSoon();
  }

  /** Nothing further comes: the stream ends once all is taken. */
  finish(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.held.empty) this.push(null);
  }

  // Not at once: who reads all that there is would get it joined to what he came for, as a copy.
  override _read(): void {
    this.wanted = true;
    if (!this.held.empty) this.handSoon();
  }

  private handSoon(): void {
    if (this.handing) return;
    this.handing = true;
    queueMicrotask(this.hand);
  }

  private readonly hand = (): void => {
    this.handing = false;
    while (this.wanted) {
      const data = this.held.take();
      if (data === null) break;
      this.wanted = this.push(data);
      this.onTaken(data.length);
    }
    if (this.ended && this.held.empty) this.push(null);
  };

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    for (let data = this.held.take(); data !== null; data = this.held.take()) this.onTaken(data.length);
    callback(error);
  }
}
