const NEWLINE = 0x0a;
// A line longer than this is passed on in pieces, so that a host can't make us hold what never ends.
const LONGEST_HELD = 1024 * 1024;

/** Cuts a stream into events of whole lines: `data` ends with a newline unless `partial`. */
export class LineSplitter {
  private held: Uint8Array[] = [];
  private heldBytes = 0;

  constructor(private readonly emit: (data: Uint8Array, partial: boolean) => void | Promise<void>) {}

  push(chunk: Uint8Array): void | Promise<void> {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.hold(chunk);
      return this.heldBytes > LONGEST_HELD ? this.flush() : undefined;
    }
    const lines = this.takeWith(end === chunk.length ? chunk : chunk.subarray(0, end));
    if (end < chunk.length) this.hold(chunk.subarray(end));
    return this.emit(lines, false);
  }

  /** The rest, when the stream has ended without a newline. */
  flush(): void | Promise<void> {
    if (this.heldBytes === 0) return undefined;
    return this.emit(this.takeWith(null), true);
  }

  private hold(piece: Uint8Array): void {
    this.held.push(piece);
    this.heldBytes += piece.length;
  }

  private takeWith(last: Uint8Array | null): Uint8Array {
    if (this.heldBytes === 0) return last ?? new Uint8Array(0);
    const whole = Buffer.concat(last === null ? this.held : [...this.held, last]);
    this.held = [];
    this.heldBytes = 0;
    return whole;
  }
}
