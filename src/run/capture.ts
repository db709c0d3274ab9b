/** Output kept for a result, up to a bound. */
export class Capture {
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;
  truncated = false;

  constructor(private readonly limit: number) {}

  add(chunk: Uint8Array): void {
    const room = this.limit - this.bytes;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.chunks.push(kept);
    this.bytes += kept.length;
  }

  take(): Uint8Array {
    return Buffer.concat(this.chunks, this.bytes);
  }
}
