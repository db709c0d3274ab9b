import type { Lasting } from './wire.js';

const BLOCK = 64 * 1024;
// Held as they are: what they keep alive of their slab is no more than some times as much.
const LARGE = 16 * 1024;

/**
 * Bytes that nobody has taken yet. Small pieces are copied into blocks of their own: a thousand packets of one byte would
 * else keep a thousand chunks of the socket alive.
 */
export class HeldBytes {
  private readonly blocks: Buffer[] = [];
  private tail: Buffer | null = null;
  private tailFilled = 0;

  get empty(): boolean {
    return this.blocks.length === 0 && this.tailFilled === 0;
  }

  add(data: Buffer, lasting: Lasting): void {
    if (lasting === 'staying' && data.length >= LARGE) {
      const rest = this.takeTail();
      if (rest !== null) this.blocks.push(rest);
      this.blocks.push(data);
      return;
    }
    let at = 0;
    while (at < data.length) {
      this.tail ??= Buffer.allocUnsafeSlow(BLOCK);
      const copied = data.copy(this.tail, this.tailFilled, at);
      at += copied;
      this.tailFilled += copied;
      if (this.tailFilled === BLOCK) {
        this.blocks.push(this.tail);
        this.tail = null;
        this.tailFilled = 0;
      }
    }
  }

  /** The oldest, up to a block. */
  take(): Buffer | null {
    return this.blocks.shift() ?? this.takeTail();
  }

  private takeTail(): Buffer | null {
    if (this.tail === null || this.tailFilled === 0) return null;
    const rest = this.tail.subarray(0, this.tailFilled);
    this.tailFilled = 0;
    // A few bytes that somebody keeps must not keep a block; which then serves again.
    if (rest.length * 2 < BLOCK) return Buffer.from(rest);
    this.tail = null;
    return rest;
  }
}
