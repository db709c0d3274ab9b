import { Writable } from 'node:stream';

const HIGH_WATER_MARK = 64 * 1024;

/** What the remote's stdin needs of its channel. */
export interface InputSink {
  /** @param onFlushed called once the piece has gone to the socket */
  sendData(piece: Uint8Array, onFlushed?: (error?: Error | null) => void): void;
  sendEof(): void;
}

/** The remote's stdin: takes no more than the server's window and maximum packet allow. */
export class InputStream extends Writable {
  private window = 0;
  private maxPacket = 0;
  private rest: Uint8Array = new Uint8Array(0);
  private whenSent: ((error?: Error | null) => void) | null = null;

  constructor(private readonly sink: InputSink) {
    super({ highWaterMark: HIGH_WATER_MARK });
    // The remote may stop reading at any moment: that says nothing about how the command ends.
    this.on('error', () => undefined);
  }

  start(window: number, maxPacket: number): void {
    this.window = window;
    this.maxPacket = maxPacket;
    this.flow();
  }

  /** The server has room for so many bytes more. */
  widen(bytes: number): void {
    this.window += bytes;
    this.flow();
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.rest = chunk;
    this.whenSent = callback;
    this.flow();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.sink.sendEof();
    callback();
  }

  private flow(): void {
    if (this.whenSent !== null && this.window > 0) this.sendRest();
  }

  private sendRest(): void {
    const done = this.whenSent;
    if (done === null || this.destroyed) return;
    while (this.window > 0) {
      const length = Math.min(this.rest.length, this.window, this.maxPacket);
      const piece = this.rest.subarray(0, length);
      this.rest = this.rest.subarray(length);
      this.window -= length;
      if (this.rest.length === 0) {
        this.whenSent = null;
        if (length === 0) done();
        else this.sink.sendData(piece, done);
        return;
      }
      this.sink.sendData(piece);
    }
  }
}
