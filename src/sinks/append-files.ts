import { type FileHandle, open, stat } from 'node:fs/promises';

interface AppendFile {
  readonly path: string;
  pending: Uint8Array[];
  /** What is being written, while something is. */
  running: Promise<void> | null;
  handle: FileHandle | null;
  busy: boolean;
  opened: boolean;
}

/** Many files appended to, of which no more than a few are open at a time. */
export class AppendFiles {
  private readonly files = new Map<string, AppendFile>();
  /** The open ones, the longest unused first. */
  private readonly open = new Set<AppendFile>();
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  /**
   * @param flags how a file is opened for the first time, and again
   * @param most files open at once
   */
  constructor(
    private readonly flags: { readonly first: number; readonly again: number },
    private readonly most: number,
  ) {}

  /** Appends; with no data the file is made. The promise ends when the system has taken all that came so far. */
  append(path: string, data: Uint8Array | null): Promise<void> {
    const file = this.fileAt(path);
    if (data !== null) file.pending.push(data);
    file.running ??= this.drain(file);
    return file.running;
  }

  /** @throws Error ENOENT where a file that was written is not there any more */
  async check(path: string): Promise<void> {
    const file = this.files.get(path);
    if (file === undefined) return;
    await file.running;
    const [there, ours] = await Promise.all([stat(path), file.handle?.stat()]);
    if (ours !== undefined && there.ino !== ours.ino)
      throw Object.assign(new Error('ENOENT: another file stands in its place'), { code: 'ENOENT' });
  }

  async close(): Promise<void> {
    const handles = [...this.open].map(({ handle }) => handle);
    this.open.clear();
    for (const handle of handles) await handle?.close();
  }

  private fileAt(path: string): AppendFile {
    let file = this.files.get(path);
    if (file === undefined) {
      file = { path, pending: [], running: null, handle: null, busy: false, opened: false };
      this.files.set(path, file);
    }
    return file;
  }

  private async drain(file: AppendFile): Promise<void> {
    if (this.busy >= this.most) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.busy += 1;
    file.busy = true;
    try {
      const handle = await this.handleOf(file);
      while (file.pending.length > 0) {
        const pieces = file.pending;
        file.pending = [];
        await handle.appendFile(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces));
      }
    } finally {
      // At once with the last look at what is pending: what comes a moment later must not rely on this.
      file.running = null;
      file.busy = false;
      const next = this.waiting.shift();
      if (next === undefined) this.busy -= 1;
      else next();
    }
  }

  private async handleOf(file: AppendFile): Promise<FileHandle> {
    if (file.handle !== null) {
      this.open.delete(file);
      this.open.add(file);
      return file.handle;
    }
    this.open.add(file);
    if (this.open.size > this.most) await this.closeOldest();
    file.handle = await open(file.path, file.opened ? this.flags.again : this.flags.first, 0o666);
    file.opened = true;
    return file.handle;
  }

  private async closeOldest(): Promise<void> {
    for (const file of this.open) {
      if (file.busy) continue;
      const { handle } = file;
      this.open.delete(file);
      file.handle = null;
      await handle?.close();
      return;
    }
  }
}
