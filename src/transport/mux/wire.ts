import { WireFault } from './fault.js';

/** CHANNEL_MUX_MAX_PACKET of openssh-portable: a master closes a connection that sends more. */
export const LONGEST_PACKET = 256 * 1024;

/** Of bytes: `passing` ones are others as soon as the call has returned, `staying` ones nobody writes over. */
export type Lasting = 'passing' | 'staying';

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
  constructor(private readonly onPacket: (packet: Buffer, lasting: Lasting) => void) {}

  /** Nothing further is handed on. */
  stop(): void {
    this.stopped = true;
    this.body = null;
  }

  /**
   * @param lasting of a chunk that stays, what has not come whole is left: the next chunk begins with it
   * @returns how many bytes are left
   * @throws WireFault for a length that is none; whatever onPacket throws
   */
  push(chunk: Buffer, lasting: Lasting): number {
    let at = 0;
    while (at < chunk.length && !this.stopped) {
      if (this.body !== null) at = this.fillPacket(chunk, at, this.body);
      else if (lasting === 'passing' || this.headFilled > 0) at = this.startPacket(chunk, at);
      else {
        const end = this.wholePacket(chunk, at);
        if (end === null) return chunk.length - at;
        at = end;
      }
    }
    return 0;
  }

  /** Null: it has not come whole. */
  private wholePacket(chunk: Buffer, at: number): number | null {
    const start = at + 4;
    if (start > chunk.length) return null;
    const end = start + checked(chunk.readUInt32BE(at));
    if (end > chunk.length) return null;
    this.onPacket(chunk.subarray(start, end), 'staying');
    return end;
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
    const end = start + checked(length);
    if (end <= chunk.length) {
      this.onPacket(chunk.subarray(start, end), 'passing');
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
      this.onPacket(body, 'staying');
    }
    return at + copied;
  }
}

function checked(length: number): number {
  if (length < 2 || length > LONGEST_PACKET) throw new WireFault(`a packet of ${length} bytes`);
  return length;
}
