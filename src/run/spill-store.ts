import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BLOCK_SIZE, type Block, type BlockStore } from '../core/output.js';

export interface SpillOptions {
  /** Bytes of all blocks together that stay in memory; beyond it they go to a file. @default 64 MiB */
  readonly memory?: number;
  /** Told once that the file can't be written: what comes is not kept. */
  readonly onFailure: (error: Error) => void;
}

const MEMORY = 64 * 1024 * 1024;

/**
 * Kept output in memory up to a bound, beyond it in a file without a name, in slots that are used again. Reads and
 * writes are synchronous: they meet the page cache, and the views that read can stay simple.
 */
export class SpillStore implements BlockStore {
  private readonly bound: number;
  private held = 0;
  private file: number | null = null;
  private slots = 0;
  private readonly free: number[] = [];
  private failed = false;
  private closed = false;

  constructor(private readonly options: SpillOptions) {
    this.bound = options.memory ?? MEMORY;
  }

  /** Bytes that the file has grown to. */
  get spilled(): number {
    return this.slots * BLOCK_SIZE;
  }

  put(block: Uint8Array): Block | null {
    const { length } = block;
    if (this.held + length > this.bound) return this.spill(block);
    this.held += length;
    let released = false;
    return {
      length,
      read: () => block,
      release: () => {
        if (!released) this.held -= length;
        released = true;
      },
    };
  }

  /** What was spilled can't be read any more. */
  close(): void {
    this.closed = true;
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }

  private spill(block: Uint8Array): Block | null {
    if (this.failed || this.closed) return null;
    const { length } = block;
    const reused = this.free.pop();
    const slot = reused ?? this.slots;
    const start = slot * BLOCK_SIZE;
    let file: number;
    try {
      this.file ??= openNameless();
      file = this.file;
      // A disk that fills up takes a part of the bytes; only the next write fails.
      for (let at = 0; at < length; ) at += writeSync(file, block, at, length - at, start + at);
    } catch (error) {
      this.failed = true;
      this.options.onFailure(error as Error);
      return null;
    }
    if (reused === undefined) this.slots += 1;
    let released = false;
    return {
      length,
      read: () => this.fetch(start, length),
      release: () => {
        if (!released) this.free.push(slot);
        released = true;
      },
    };
  }

  private fetch(start: number, length: number): Uint8Array {
    if (this.file === null) throw new Error('the kept output is closed');
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const count = readSync(this.file, bytes, at, length - at, start + at);
      if (count === 0) throw new Error('the file of kept output is shorter than it was');
      at += count;
    }
    return bytes;
  }
}

/** The open file outlives its name; nothing is left behind however we end. */
function openNameless(): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'pssh-ts-out-'));
  try {
    return openSync(path.join(folder, 'output'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
