import { chmodSync, lstatSync, readdirSync, renameSync, type Stats } from 'node:fs';
import path from 'node:path';

/** A file or folder stands where the other of them should go. */
export class InTheWay extends Error {
  override readonly name = 'InTheWay';
}

/**
 * Gives what was received its name. A folder that exists on both sides becomes one, of which each file is replaced as
 * a whole; a link that stands there is replaced, never followed.
 */
export function place(from: string, to: string): void {
  const mine = lstatSync(from);
  const there = lstatSync(to, { throwIfNoEntry: false });
  if (there === undefined) {
    move(from, to, mine);
  } else if (mine.isDirectory() !== there.isDirectory()) {
    throw new InTheWay(
      mine.isDirectory()
        ? `${to} is a file, where a folder should go`
        : `${to} is a folder, where a file should go`,
    );
  } else if (mine.isDirectory()) {
    for (const name of readdirSync(from)) place(path.join(from, name), path.join(to, name));
  } else {
    move(from, to, mine);
  }
}

// A folder that may not be written to may not be moved either: its `..` changes.
function move(from: string, to: string, stats: Stats): void {
  const locked = stats.isDirectory() && (stats.mode & 0o200) === 0;
  if (locked) chmodSync(from, (stats.mode & 0o777) | 0o700);
  renameSync(from, to);
  if (locked) chmodSync(to, stats.mode & 0o777);
}
