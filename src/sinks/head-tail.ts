import { Capture } from '../core/capture.js';

/** The beginning and the end of a stream of any length; what lies between is counted and let go. */
export class HeadTail {
  private readonly head: Capture;
  private readonly headRoom: number;
  private readonly tailRoom: number;
  // Together they hold the end, one that is full and one that fills, copied into blocks: a thousand small pieces
  // would else take more room than what they hold.
  private before: Capture;
  private tail: Capture;
  /** All bytes that came. */
  total = 0;

  /** @param limit bytes kept: a quarter of them from the beginning, for failures tell their reason at the end */
  constructor(limit: number) {
    this.headRoom = Math.floor(limit / 4);
    this.tailRoom = limit - this.headRoom;
    this.head = new Capture(this.headRoom);
    this.before = new Capture(this.tailRoom);
    this.tail = new Capture(this.tailRoom);
  }

  add(data: Uint8Array): void {
    this.total += data.length;
    const first = data.subarray(0, this.headRoom - this.head.length);
    this.head.add(first);
    // Of a large piece only its end can be of the end.
    let rest = data.subarray(first.length);
    if (rest.length > this.tailRoom) rest = rest.subarray(rest.length - this.tailRoom);
    const fits = rest.subarray(0, this.tailRoom - this.tail.length);
    this.tail.add(fits);
    if (fits.length === rest.length) return;
    this.before = this.tail;
    this.tail = new Capture(this.tailRoom);
    this.tail.add(rest.subarray(fits.length));
  }

  /** Bytes let go between the beginning and the end. */
  get omitted(): number {
    return Math.max(this.total - this.head.length - this.tailRoom, 0);
  }

  bytes(): { readonly head: Uint8Array; readonly tail: Uint8Array } {
    const tail = Buffer.concat([...this.before.pieces(), ...this.tail.pieces()]);
    return { head: this.head.bytes(), tail: tail.subarray(Math.max(tail.length - this.tailRoom, 0)) };
  }

  /** As text, with a line that tells what was let go. */
  text(): string {
    const { head, tail } = this.bytes();
    if (this.omitted === 0) return decode(Buffer.concat([head, tail]));
    // Characters that the cut went through.
    const before = decode(head).replace(/\ufffd+$/, '');
    const after = decode(tail).replace(/^\ufffd+/, '');
    return `${before}${before.endsWith('\n') || before === '' ? '' : '\n'}[truncated: ${this.omitted} bytes left out]\n${after}`;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
