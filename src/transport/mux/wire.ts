import { WireFault } from './fault.js';

/** CHANNEL_MUX_MAX_PACKET of openssh-portable: a master closes a connection that sends more. */
export const LONGEST_PACKET = 256 * 1024;

/**
 * Cuts a stream into packets, however it is chunked: uint32 length, then so many bytes. A packet that lies whole in
 * a chunk is handed on as a part of it; one that does not is copied once. So never more than one packet is held.
 */
export class Framer {
  private readonly head = Buffer.alloc(4);
  private headFilled = 0;
  private body: Buffer | null = null;
  private bodyFilled = 0;
  private stopped = false;

  /** @param onPacket called for each packet, without its length */
  constructor(private readonly onPacket: (packet: Buffer) => void) {}

  /** Nothing further is handed on. */
  stop(): void {
    this.stopped = true;
    this.body = null;
  }

  /** @throws WireFault for a length that is none; whatever onPacket throws */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.stopped) {
      at = this.body === null ? this.startPacket(chunk, at) : this.fillPacket(chunk, at, this.body);
    }
  }

  private startPacket(chunk: Buffer, at: number): number {
    let length: number;
    let start = at;
    if (this.headFilled === 0 && chunk.length - at >= 4) {
      length = chunk.readUInt32BE(at);
      start += 4;
    } else {
      const copied = chunk.copy(this.head, this.headFilled, at);
      this.headFilled += copied;
      start += copied;
      if (this.headFilled < 4) return start;
      length = this.head.readUInt32BE(0);
      this.headFilled = 0;
    }
    if (length < 2 || length > LONGEST_PACKET) throw new WireFault(`a packet of ${length} bytes`);
    const end = start + length;
    if (end <= chunk.length) {
      this.onPacket(chunk.subarray(start, end));
      return end;
    }
    this.body = Buffer.allocUnsafe(length);
    this.bodyFilled = chunk.copy(this.body, 0, start);
    return chunk.length;
  }

  private fillPacket(chunk: Buffer, at: number, body: Buffer): number {
    const copied = chunk.copy(body, this.bodyFilled, at);
    this.bodyFilled += copied;
    if (this.bodyFilled === body.length) {
      this.body = null;
      this.onPacket(body);
    }
    return at + copied;
  }
}
