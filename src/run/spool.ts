import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';

const CHUNK = 64 * 1024;

/** One input for many hosts: written once to an unnamed file, read by each at its own pace. */
export class Spool {
  private size = 0;
  private done = false;
  private failure: Error | null = null;
  private readonly waiting = new Set<() => void>();

  private constructor(
    private readonly file: FileHandle,
    private readonly source: Readable,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** @param onFailure told when the input can't be read, or not be kept, to its end */
  static async open(source: Readable, onFailure: (error: Error) => void): Promise<Spool> {
    const folder = await mkdtemp(path.join(tmpdir(), 'pssh-ts-in-'));
    try {
      const file = await open(path.join(folder, 'stdin'), 'wx+', 0o600);
      const spool = new Spool(file, source, onFailure);
      void spool.fill();
      return spool;
    } finally {
      // The open file outlives its name; nothing is left behind however we end.
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** The whole input from its start. */
  reader(): Readable {
    let position = 0;
    const spool = this;
    return new Readable({
      highWaterMark: CHUNK,
      async read() {
        try {
          while (position >= spool.size) {
            if (spool.failure !== null) throw spool.failure;
            if (spool.done) {
              this.push(null);
              return;
            }
            await new Promise<void>((resolve) => spool.waiting.add(resolve));
          }
          const length = Math.min(CHUNK, spool.size - position);
          const { buffer, bytesRead } = await spool.file.read(
            Buffer.allocUnsafe(length),
            0,
            length,
            position,
          );
          position += bytesRead;
          this.push(buffer.subarray(0, bytesRead));
        } catch (error) {
          this.destroy(error as Error);
        }
      },
    });
  }

  async close(): Promise<void> {
    this.done = true;
    this.source.destroy();
    this.wake();
    await this.file.close();
  }

  private async fill(): Promise<void> {
    try {
      for await (const chunk of this.source) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
        // A disk that fills up takes a part of the bytes; only the next write fails.
        for (let written = 0; written < bytes.length; ) {
          const { bytesWritten } = await this.file.write(bytes, written, bytes.length - written, this.size);
          written += bytesWritten;
          this.size += bytesWritten;
          this.wake();
        }
      }
    } catch (error) {
      if (!this.done) {
        this.failure = error as Error;
        this.onFailure(this.failure);
      }
    }
    this.done = true;
    this.wake();
  }

  private wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resume of waiting) resume();
  }
}
