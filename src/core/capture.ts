import { BLOCK_SIZE, type Block, type BlockStore, memoryStore, type Output } from './output.js';

const SMALLEST = 1024;
// Kept as they are, if what they are a part of is not so much larger.
const LARGE = 16 * 1024;
const LARGEST_SHARE = 16;

/**
 * Output kept up to a bound. Small pieces are copied into blocks of its own: a thousand pieces of one byte would else
 * keep a thousand packets alive.
 */
export class Capture implements Output {
  private blocks: Block[] = [];
  private tail: Uint8Array | null = null;
  private tailFilled = 0;
  private kept = 0;
  /** There was more than is kept. */
  truncated = false;

  constructor(
    private readonly limit: number,
    private readonly store: BlockStore = memoryStore,
  ) {}

  get length(): number {
    return this.kept;
  }

  /** @param chunk not written to any more: it may be kept itself */
  add(chunk: Uint8Array): void {
    const room = this.truncated ? 0 : this.limit - this.kept;
    if (chunk.length > room) this.truncated = true;
    const taken = Math.min(chunk.length, room);
    if (taken >= LARGE && chunk.buffer.byteLength <= taken * LARGEST_SHARE) {
      this.adopt(chunk.subarray(0, taken));
      return;
    }
    for (let at = 0; at < taken; ) {
      const tail = this.roomyTail(taken - at);
      const count = Math.min(taken - at, tail.length - this.tailFilled);
      tail.set(chunk.subarray(at, at + count), this.tailFilled);
      this.tailFilled += count;
      this.kept += count;
      at += count;
      if (this.tailFilled === BLOCK_SIZE && !this.keep(tail)) return;
    }
  }

  /** Nothing further comes: the last block takes no more room than it needs. */
  end(): this {
    this.closeTail();
    return this;
  }

  /** Forgets all of it. */
  discard(): void {
    for (const block of this.blocks) block.release();
    this.blocks = [];
    this.tail = null;
    this.tailFilled = 0;
    this.kept = 0;
  }

  bytes(): Uint8Array {
    // Not filled with zeros first.
    const all = new Uint8Array(Buffer.allocUnsafeSlow(this.kept).buffer);
    let at = 0;
    for (const piece of this.pieces()) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  text(): string {
    const decoder = new TextDecoder();
    let text = '';
    for (const piece of this.pieces()) text += decoder.decode(piece, { stream: true });
    return text + decoder.decode();
  }

  *pieces(): Generator<Uint8Array> {
    for (const block of this.blocks) yield block.read();
    if (this.tail !== null) yield this.tail.subarray(0, this.tailFilled);
  }

  private adopt(large: Uint8Array): void {
    if (!this.closeTail()) return;
    for (let at = 0; at < large.length; at += BLOCK_SIZE) {
      const block = large.subarray(at, at + BLOCK_SIZE);
      this.kept += block.length;
      if (!this.keep(block)) return;
    }
  }

  private closeTail(): boolean {
    const { tail } = this;
    return tail === null || this.keep(tail.slice(0, this.tailFilled));
  }

  private keep(tail: Uint8Array): boolean {
    this.tail = null;
    this.tailFilled = 0;
    const block = this.store.put(tail);
    if (block === null) {
      this.truncated = true;
      this.kept -= tail.length;
      return false;
    }
    this.blocks.push(block);
    return true;
  }

  /** The last block, grown as it fills: most commands say little. */
  private roomyTail(wanted: number): Uint8Array {
    const { tail } = this;
    if (tail !== null && this.tailFilled < tail.length) return tail;
    const size = Math.min(BLOCK_SIZE, Math.max(SMALLEST, 2 * this.tailFilled, this.tailFilled + wanted));
    const larger = new Uint8Array(size);
    if (tail !== null) larger.set(tail);
    this.tail = larger;
    return larger;
  }
}
