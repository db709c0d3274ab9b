import type { Writable } from 'node:stream';

/** A stream that several views write to; its reader's pace is theirs. */
export class Writer {
  private draining: Promise<void> | null = null;
  private failure: Error | null = null;
  private letGo: (() => void) | null = null;
  private abandoned = false;

  /**
   * @param onError the reader went away, or the disk is full: told once
   * @param filter what is written passes through it, in order
   */
  constructor(
    private readonly stream: Writable,
    onError: (error: Error) => void,
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
    // A stream that was closed without an error takes nothing and never says so again.
    if (this.failure !== null || this.abandoned || this.stream.destroyed) return undefined;
    if (this.stream.write(this.filter(data))) return undefined;
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
    if (this.failure !== null || this.abandoned) return;
    await new Promise<void>((resolve) => {
      this.stream.once('error', () => resolve());
      this.stream.write('', () => resolve());
    });
  }
}
