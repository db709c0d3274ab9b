import { WireFault } from './fault.js';

/** How much the server may still send on a channel (RFC 4254 section 5.2). */
export class ReceiveWindow {
  private left: number;
  private given = 0;

  /** @param widen tells the server of more room */
  constructor(
    private readonly size: number,
    private readonly maxPacket: number,
    private readonly widen: (bytes: number) => void,
  ) {
    this.left = size;
  }

  /** Data has come. @throws WireFault for more than was allowed */
  take(bytes: number): void {
    if (bytes > this.maxPacket) throw new WireFault(`${bytes} bytes of data in one packet`);
    if (bytes > this.left) throw new WireFault('data beyond the window');
    this.left -= bytes;
  }

  /**
   * The reader has taken it. The server is told in large steps, each costs the master and the server a turn; in small ones
   * where another stream's bytes that nobody takes have left it little room.
   */
  give(bytes: number): void {
    this.given += bytes;
    const step = this.left * 4 > this.size ? this.size / 2 : this.size / 16;
    if (this.given < step) return;
    this.left += this.given;
    const more = this.given;
    this.given = 0;
    this.widen(more);
  }
}
