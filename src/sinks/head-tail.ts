/** The beginning and the end of a stream of any length; what lies between is counted and let go. */
export class HeadTail {
  private readonly head: Uint8Array[] = [];
  private tail: Uint8Array[] = [];
  private headBytes = 0;
  private tailBytes = 0;
  private readonly headRoom: number;
  private readonly tailRoom: number;
  /** All bytes that came. */
  total = 0;

  /** @param limit bytes kept: a quarter of them from the beginning, for failures tell their reason at the end */
  constructor(limit: number) {
    this.headRoom = Math.floor(limit / 4);
    this.tailRoom = limit - this.headRoom;
  }

  add(data: Uint8Array): void {
    this.total += data.length;
    const room = this.headRoom - this.headBytes;
    const first = data.subarray(0, Math.max(room, 0));
    if (first.length > 0) {
      this.head.push(Buffer.from(first));
      this.headBytes += first.length;
    }
    const rest = data.subarray(first.length);
    if (rest.length === 0) return;
    // A copy: a small piece of a large chunk would hold the whole of it.
    this.tail.push(Buffer.from(rest.subarray(Math.max(rest.length - this.tailRoom, 0))));
    this.tailBytes += this.tail.at(-1)?.length ?? 0;
    // Not for every piece: cutting costs a copy of all that is kept.
    if (this.tailBytes > 2 * this.tailRoom || this.tail.length > 1024) this.trim();
  }

  /** Bytes let go between the beginning and the end. */
  get omitted(): number {
    return Math.max(this.total - this.headBytes - this.tailRoom, 0);
  }

  bytes(): { readonly head: Uint8Array; readonly tail: Uint8Array } {
    this.trim();
    return { head: Buffer.concat(this.head), tail: Buffer.concat(this.tail) };
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

  private trim(): void {
    if (this.tailBytes <= this.tailRoom) return;
    const all = Buffer.concat(this.tail);
    this.tail = [Buffer.from(all.subarray(all.length - this.tailRoom))];
    this.tailBytes = this.tailRoom;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
