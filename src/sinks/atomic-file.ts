import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';
import { systemReason, writeFailure } from './file-fault.js';

/** A file that appears under its name when it is complete: written beside it, renamed at the end. */
export class AtomicFile {
  private position = 0;
  private open = true;
  private readonly onExit = (): void => this.discard();

  private constructor(
    private readonly option: string,
    private readonly file: string,
    private readonly place: string,
    private readonly temporary: string,
    private readonly descriptor: number,
  ) {
    // A run that is left at once (a third ^C) leaves no half of a file.
    process.once('exit', this.onExit);
  }

  /** @throws PsshError ERR_USAGE where the file can't be written: before anything is run */
  static create(option: string, file: string, mode = 0o666): AtomicFile {
    const { place, mode: kept } = placeOf(option, file);
    const temporary = path.join(
      path.dirname(place),
      `.${path.basename(place).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`,
    );
    try {
      const descriptor = openSync(temporary, 'wx', kept ?? mode);
      // A file that was kept from others must not be open to them after it is replaced.
      if (kept !== null) fchmodSync(descriptor, kept);
      return new AtomicFile(option, file, place, temporary, descriptor);
    } catch (error) {
      throw usageError(
        `${option}: ${show(file)} can't be written: ${systemReason(error)}; name a file in a folder that you may write`,
        error,
      );
    }
  }

  /** @throws Error that names the option and the file; then nothing of it is left */
  write(data: string | Uint8Array): void {
    const bytes = Buffer.from(data);
    this.guard(() => this.put(bytes, this.position));
    this.position += bytes.length;
  }

  /** Writes over the beginning. */
  rewriteHead(data: string): void {
    this.guard(() => this.put(Buffer.from(data), 0));
  }

  /** Puts it in its place. */
  commit(): void {
    this.guard(() => {
      closeSync(this.descriptor);
      renameSync(this.temporary, this.place);
    });
    this.open = false;
    process.off('exit', this.onExit);
  }

  /** Leaves nothing of it, unless it was put in its place. */
  discard(): void {
    if (!this.open) return;
    this.open = false;
    process.off('exit', this.onExit);
    try {
      closeSync(this.descriptor);
    } catch {
      // Closed already: what is left is to take it away.
    }
    rmSync(this.temporary, { force: true });
  }

  private put(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.descriptor, bytes, done, bytes.length - done, position + done);
  }

  private guard(work: () => void): void {
    if (!this.open) return;
    try {
      work();
    } catch (error) {
      this.discard();
      throw writeFailure(this.option, this.file, error);
    }
  }
}

/** Where a file lies, and its mode: renaming over a link would replace the link, over a device the device. */
function placeOf(option: string, file: string): { readonly place: string; readonly mode: number | null } {
  if (file === '') throw usageError(`${option}: the name is empty; name a file`);
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined)
    return { place: path.resolve(file), mode: null };
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw usageError(`${option}: ${show(file)} is a link to nothing; name a file`);
  if (stats.isFile()) return { place: realpathSync(file), mode: stats.mode & 0o777 };
  const what = stats.isDirectory() ? 'a folder' : 'no regular file';
  throw usageError(`${option}: ${show(file)} is ${what}; name a file`);
}
