import { closeSync, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { chmod, open, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Header } from 'tar-stream';
import { drained } from './drained.js';
import { checkLink, nameParts, Refused, shown } from './received-name.js';

const SMALL = 64 * 1024;
// A hole is as large as this at least: a block of zeros that nobody has to write.
const HOLE = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE);

export interface UnpackOptions {
  /** A private folder of ours, empty. */
  readonly folder: string;
  /** What was asked for; nothing else may come. */
  readonly tops: ReadonlySet<string>;
  /** Stands for `.` where a folder was sent as such. */
  readonly root: string | null;
  readonly preserve: boolean;
  /** Told of bytes of files as they come. */
  readonly onContent: (bytes: number) => void;
}

interface Folder {
  readonly path: string;
  readonly mode: number;
  readonly mtime: Date;
}

/**
 * Writes what a host sends as a tar archive into a private folder. Nothing is ever written through a link: each part of
 * a name has to be a folder that was made here. Links out of the tree, devices and names out of the folder are refused.
 */
export class Unpack {
  /** Bytes of files below each top. */
  readonly bytes = new Map<string, number>();
  private readonly folders = new Map<string, Folder | null>();
  private readonly files = new Set<string>();

  constructor(private readonly options: UnpackOptions) {}

  /** Whether a file or folder of this name has come. */
  has(name: string): boolean {
    return this.files.has(name) || this.folders.has(name);
  }

  /** @throws Refused, or what the file system says */
  async read(source: AsyncIterable<Buffer>): Promise<void> {
    const { extract } = await import('tar-stream');
    const reader = extract();
    const sent = (async (): Promise<void> => {
      for await (const piece of source) {
        if (reader.write(piece)) continue;
        await drained(reader);
        if (reader.destroyed) return;
      }
      reader.end(undefined);
    })();
    sent.catch((error: unknown) => reader.destroy(error as Error));
    try {
      for await (const entry of reader) {
        const { header } = entry;
        await this.add(header, entry as AsyncIterable<Buffer>).catch((error: unknown) => {
          throw this.placed(error, header.name);
        });
      }
    } finally {
      reader.destroy();
    }
    await sent;
  }

  /** Gives folders their modes and times: now that nothing more is put into them. */
  async finish(): Promise<void> {
    const { preserve } = this.options;
    const all = [...this.folders.values()].filter((folder) => folder !== null).reverse();
    for (const { path: place, mode, mtime } of all) {
      await chmod(place, preserve ? mode : mode & ~process.umask());
      if (preserve) await utimes(place, mtime, mtime);
    }
  }

  private async add(header: Header, content: AsyncIterable<Buffer>): Promise<void> {
    const parts = this.partsOf(header.name);
    const [top = ''] = parts;
    if (!this.options.tops.has(top))
      throw new Refused(`the host sent what was not asked for, ${shown(header.name)}`);
    const place = this.placeOf(parts);
    // Set-user-id and its like are not ours to give.
    const mode = header.mode & 0o777;
    switch (header.type) {
      case 'directory':
        this.addFolder(parts, { path: place, mode, mtime: header.mtime });
        break;
      case 'file':
      case 'contiguous-file':
        await this.addFile(place, mode, header, content);
        this.files.add(parts.join('/'));
        this.bytes.set(top, (this.bytes.get(top) ?? 0) + header.size);
        return;
      case 'symlink':
        checkLink(parts, header.linkname);
        symlinkSync(header.linkname, place);
        break;
      case 'link':
        this.addHardLink(header.linkname, place);
        this.files.add(parts.join('/'));
        break;
      default:
        throw new Refused(`${shown(header.name)} is no file, folder or link (a device, a pipe?)`);
    }
    for await (const _ of content);
  }

  /** What the system says of a file that is open names no place. */
  private placed(error: unknown, name: string): unknown {
    if (error instanceof Error && 'code' in error && !('path' in error))
      Object.assign(error, { path: path.join(this.options.folder, ...this.partsOf(name)) });
    return error;
  }

  private partsOf(name: string): readonly string[] {
    const { root } = this.options;
    const parts = nameParts(name);
    const whole = root === null ? parts : [root, ...parts];
    if (whole.length === 0) throw new Refused(`the host sent what was not asked for, ${shown(name)}`);
    return whole;
  }

  /** Makes the folders above it, where the host has not sent them. */
  private placeOf(parts: readonly string[]): string {
    for (let count = 1; count < parts.length; count += 1) {
      const above = parts.slice(0, count).join('/');
      if (this.folders.has(above)) continue;
      try {
        mkdirSync(path.join(this.options.folder, above), { mode: 0o700 });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
        throw new Refused(`the host sent ${shown(parts.join('/'))}, but ${shown(above)} is no folder`);
      }
      this.folders.set(above, null);
    }
    return path.join(this.options.folder, ...parts);
  }

  private addFolder(parts: readonly string[], folder: Folder): void {
    const name = parts.join('/');
    if (!this.folders.has(name)) mkdirSync(folder.path, { mode: 0o700 });
    this.folders.set(name, folder);
  }

  // A file with several names comes once; its other names come as links to the first.
  private addHardLink(target: string, place: string): void {
    const first = this.partsOf(target);
    if (!this.files.has(first.join('/')))
      throw new Refused(`the host sent a hard link to what it has not sent, ${shown(target)}`);
    linkSync(path.join(this.options.folder, ...first), place);
  }

  private async addFile(
    place: string,
    mode: number,
    { size, mtime }: Header,
    content: AsyncIterable<Buffer>,
  ): Promise<void> {
    if (size <= SMALL) {
      const bytes: Buffer[] = [];
      for await (const piece of content) bytes.push(piece);
      this.options.onContent(size);
      // wx: what stands there already, a link for one, is never written to.
      const file = openSync(place, 'wx', mode);
      try {
        const all = Buffer.concat(bytes);
        for (let at = 0; at < all.length; ) at += writeSync(file, all, at);
      } finally {
        closeSync(file);
      }
    } else {
      await writeLarge(place, mode, size, counted(content, this.options.onContent));
    }
    if (!this.options.preserve) return;
    await chmod(place, mode);
    await utimes(place, mtime, mtime);
  }
}

async function* counted(
  content: AsyncIterable<Buffer>,
  onContent: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    onContent(piece.length);
    yield piece;
  }
}

async function writeLarge(
  place: string,
  mode: number,
  size: number,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  const file = await open(place, 'wx', mode);
  try {
    let at = 0;
    let held: Buffer[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      const block = Buffer.concat(held, bytes);
      held = [];
      bytes = 0;
      if (!(block.length === HOLE && block.equals(ZEROS)))
        for (let done = 0; done < block.length; )
          done += (await file.write(block, done, block.length - done, at + done)).bytesWritten;
      at += block.length;
    };
    for await (const piece of content) {
      for (let from = 0; from < piece.length; ) {
        const part = piece.subarray(from, from + HOLE - bytes);
        held.push(part);
        bytes += part.length;
        from += part.length;
        if (bytes === HOLE) await flush();
      }
    }
    await flush();
    await file.truncate(size);
  } finally {
    await file.close();
  }
}
