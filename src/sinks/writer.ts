import type { Writable } from 'node:stream';
import type { Screen } from './screen.js';

/** A stream that several views write to; its reader's pace is theirs. */
export class Writer {
  private draining: Promise<void> | null = null;
  private failure: Error | null = null;
  private letGo: (() => void) | null = null;
  private abandoned = false;
  private given = 0;
  /** Pieces that belong together are on their way. */
  private pouring: Promise<void> | null = null;

  /**
   * @param onError the reader went away, or the disk is full: told once
   * @param screen where the stream is a terminal that may show a status line
   * @param filter what is written passes through it, in order
   */
  constructor(
    private readonly stream: Writable,
    onError: (error: Error) => void,
    private readonly screen: Screen | null = null,
    private readonly filter: (data: Uint8Array | string) => Uint8Array | string = (data) => data,
  ) {
    stream.on('error', (error: Error) => {
      if (this.failure !== null) return;
      this.failure = error;
      onError(error);
    });
  }

  /** The promise, where one is given, ends when the stream takes more, or will never. */
  write(data: Uint8Array | string): void | Promise<void> {
    return this.pouring === null ? this.put(data) : this.pouring.then(() => this.write(data));
  }

  /** Whole lines of our own: on a terminal not in the middle of another's. */
  writeLines(text: string): void | Promise<void> {
    return this.write(this.screen?.isLineStart === false && text !== '' ? `\n${text}` : text);
  }

  /** How much the reader has taken so far; grows while it reads. */
  get taken(): number {
    return this.given - this.stream.writableLength;
  }

  /** Writes pieces one by one, each made when there is room for it; nothing else comes between them. */
  writeAll(pieces: Iterable<Uint8Array | string>): Promise<void> {
    const before = this.pouring ?? Promise.resolve();
    const turn = before.then(async () => {
      for (const piece of pieces) {
        if (this.isDead) return;
        await this.put(piece);
      }
    });
    // What fails here (a spilled output that can't be read) is the caller's to tell, not the next writer's.
    const done: Promise<void> = turn
      .catch(() => undefined)
      .then(() => {
        if (this.pouring === done) this.pouring = null;
      });
    this.pouring = done;
    return turn;
  }

  /**
   * Writes nothing more and waits for nobody any more: the reader does not read, and we want to end.
   * @returns whether anything was still waiting
   */
  abandon(): boolean {
    this.abandoned = true;
    const waited = this.stream.writableLength > 0;
    this.letGo?.();
    if (waited) this.stream.destroy();
    return waited;
  }

  /** Waits until all that was written is out of our hands. */
  async flush(): Promise<void> {
    while (this.pouring !== null) await this.pouring;
    if (this.failure !== null || this.abandoned) return;
    await new Promise<void>((resolve) => {
      this.stream.once('error', () => resolve());
      this.stream.write('', () => resolve());
    });
  }

  // A stream that was closed without an error takes nothing and never says so again.
  private get isDead(): boolean {
    return this.failure !== null || this.abandoned || this.stream.destroyed;
  }

  private put(data: Uint8Array | string): void | Promise<void> {
    if (this.isDead) return undefined;
    this.screen?.lift();
    const bytes = this.filter(data);
    this.given += typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
    const hasRoom = this.stream.write(bytes);
    this.screen?.settle(data);
    if (hasRoom) return undefined;
    this.draining ??= new Promise<void>((resolve) => {
      const finish = (): void => {
        this.stream.off('drain', finish);
        this.stream.off('error', finish);
        this.stream.off('close', finish);
        this.draining = null;
        this.letGo = null;
        resolve();
      };
      this.letGo = finish;
      this.stream.on('drain', finish);
      this.stream.on('error', finish);
      this.stream.on('close', finish);
    });
    return this.draining;
  }
}
