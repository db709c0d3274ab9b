import { isUtf8 } from 'node:buffer';
import { lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';

/** A file, folder or link of ours that is sent. */
export interface LocalEntry {
  readonly path: string;
  /** With `/`, from the name of its source on. */
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Of a file: bytes. */
  readonly size: number;
  readonly mode: number;
  readonly mtime: Date;
  /** Of a link: where it leads to. */
  readonly link: string;
}

/** One of the words of put: a file, or a folder with all that is in it. */
export interface LocalSource {
  /** As it was written. */
  readonly source: string;
  /** Its own name, without folders. */
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Folders stand before what is in them. */
  readonly entries: readonly LocalEntry[];
  readonly bytes: number;
}

/**
 * Looks at what is to be sent. A link that is named itself is followed, as by scp; those in a folder stay links.
 * @throws PsshError ERR_USAGE where it can't be sent
 */
export function readLocalSource(source: string, recursive: boolean): LocalSource {
  const full = path.resolve(source);
  const name = path.basename(full);
  if (name === '') throw usageError(`${show(source)} is the root of all files; name folders below it`);
  const stats = statOf(source, full);
  if (stats.isDirectory() && !recursive)
    throw usageError(`${show(source)} is a folder; -r (recursive) sends folders with all that is in them`);
  const entries: LocalEntry[] = [];
  add(entries, full, name, stats);
  return {
    source,
    name,
    kind: stats.isDirectory() ? 'folder' : 'file',
    entries,
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
  };
}

function statOf(source: string, full: string): Stats {
  try {
    return statSync(full);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw usageError(`${show(source)}: ${why}; name a file or folder of this machine`, cause);
  }
}

function add(entries: LocalEntry[], full: string, name: string, stats: Stats): void {
  const common = { path: full, name, mode: stats.mode & 0o7777, mtime: stats.mtime };
  if (stats.isFile()) entries.push({ ...common, kind: 'file', size: stats.size, link: '' });
  else if (stats.isSymbolicLink())
    entries.push({ ...common, kind: 'link', size: 0, link: utf8(readlinkSync(full, 'buffer'), full) });
  else if (stats.isDirectory()) {
    entries.push({ ...common, kind: 'folder', size: 0, link: '' });
    for (const child of namesIn(full)) {
      const below = path.join(full, child);
      add(entries, below, `${name}/${child}`, lstatSync(below));
    }
  } else {
    throw usageError(`${show(full)} is no file, folder or link (a device, a pipe?); it can't be sent`);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, 'buffer')
      .map((name) => utf8(name, folder))
      .sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw usageError(`${show(folder)} can't be read: ${(cause as Error).message}`, cause);
  }
}

// Tar and scp carry names as text.
function utf8(bytes: Buffer, where: string): string {
  if (isUtf8(bytes)) return bytes.toString();
  throw usageError(`${show(where)}: the name ${show(bytes.toString())} is no UTF-8; rename it`);
}
