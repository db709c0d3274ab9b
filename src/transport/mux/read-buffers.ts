import type { Framer } from './wire.js';

const SHARED_BYTES = 64 * 1024;
const SLAB_BYTES = 256 * 1024;
// What a read is offered at least: less would cut what the kernel holds into more reads.
const ROOM_BYTES = 64 * 1024;
const LARGE_BYTES = 16 * 1024;
const SMALL_BYTES = 4 * 1024;
// So many in a row, to begin and to end reading into slabs.
const LARGE_READS = 2;
const SMALL_READS = 3;
// A thousand hosts that all send much at once share the one buffer rather than take a slab each.
const MOST_SLABS = 16;

let shared: Buffer | null = null;
let slabs = 0;

/**
 * Where a socket's bytes are read to, and their way to the framer. One buffer serves all sockets: what is read is taken
 * or copied before anything else can be. A socket that brings much reads into memory of its own, one slab after another,
 * in which the packets lie whole and stay: nobody need copy them.
 */
export class ReadBuffers {
  private slab: Buffer | null = null;
  /** What of the slab was read, and where in it a packet begins that has not come whole. */
  private filled = 0;
  private rest = 0;
  private large = 0;
  private small = 0;
  private pushing = false;

  constructor(private readonly framer: Framer) {}

  /** The place for the next read. */
  next(): Buffer {
    if (this.slab === null) {
      shared ??= Buffer.allocUnsafeSlow(SHARED_BYTES);
      return shared;
    }
    if (this.slab.length - this.filled < ROOM_BYTES) this.slab = this.moved(this.slab);
    return this.slab.subarray(this.filled);
  }

  /** So many bytes have come there. @throws whatever the framer throws */
  take(length: number): void {
    const { slab } = this;
    if (slab === null) {
      this.framer.push(this.next().subarray(0, length), 'passing');
      this.large = length < LARGE_BYTES ? 0 : this.large + 1;
      if (this.large >= LARGE_READS && slabs < MOST_SLABS) this.begin();
      return;
    }
    this.filled += length;
    this.small = length < SMALL_BYTES ? this.small + 1 : 0;
    this.pushing = true;
    try {
      this.rest = this.filled - this.framer.push(slab.subarray(this.rest, this.filled), 'staying');
    } finally {
      this.pushing = false;
    }
    if (this.small >= SMALL_READS) this.end();
  }

  /** Nothing much is expected: until it is, no memory is held for it. */
  end(): void {
    const { slab } = this;
    if (slab === null) return;
    if (this.pushing) {
      this.small = SMALL_READS;
      return;
    }
    slabs -= 1;
    this.slab = null;
    this.framer.push(slab.subarray(this.rest, this.filled), 'passing');
  }

  private begin(): void {
    slabs += 1;
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.filled = 0;
    this.rest = 0;
    this.large = 0;
    this.small = 0;
  }

  /** The next slab, with the beginning of a packet that the last one has no room for. */
  private moved(slab: Buffer): Buffer {
    const unread = slab.subarray(this.rest, this.filled);
    const next = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, unread.length + 2 * ROOM_BYTES));
    unread.copy(next);
    this.rest = 0;
    this.filled = unread.length;
    return next;
  }
}
