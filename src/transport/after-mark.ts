import { Transform, type TransformCallback } from 'node:stream';

const MOST_HELD = 1024 * 1024;

/** What comes after a line of its own on a stream; nothing before it. */
export class AfterMark extends Transform {
  /** The line has come, or the stream has ended without it. */
  readonly seen: Promise<void>;
  private resolve = (): void => undefined;
  private held = Buffer.alloc(0);
  private passes = false;

  constructor(private readonly mark: string) {
    super();
    this.seen = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** The line does not come: all that is held passes, and all further. */
  pass(): void {
    if (this.passes) return;
    this.passes = true;
    // A push of nothing would stall the stream.
    if (this.held.length > 0) this.push(this.held);
    this.resolve();
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    if (this.passes) this.push(chunk);
    else this.search(chunk);
    done();
  }

  private search(chunk: Buffer): void {
    this.held = Buffer.concat([this.held, chunk]).subarray(-MOST_HELD);
    const place = this.held.indexOf(`${this.mark}\n`);
    if (place === -1) return;
    this.held = this.held.subarray(place + this.mark.length + 1);
    this.pass();
  }

  override _flush(done: TransformCallback): void {
    this.pass();
    done();
  }
}
