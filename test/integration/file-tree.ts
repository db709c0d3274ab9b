import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Names that a shell, tar, scp or ssh might read as something else. */
export const ODD_NAMES = [
  'with blank',
  "it's",
  'dou"ble',
  'back\\slash',
  'back\\nslash',
  '\\\\',
  'new\nline',
  'trailing\n',
  '-rf',
  '--help',
  'a:b',
  'héé-日本-🚀',
  '$HOME',
  '`id`',
  '!history',
  'a*b?[c]',
  '{host}',
  '#hash',
  '%n',
  '~tilde',
  'semi;colon&pipe|',
  '.hidden',
  '..dots',
  `long-${'n'.repeat(200)}`,
] as const;

/** A tree with all kinds of names, modes, links, an empty file and an empty folder. */
export function makeTree(root: string, names: readonly string[] = ODD_NAMES): void {
  mkdirSync(join(root, 'deep', 'er', 'empty folder'), { recursive: true });
  for (const [place, name] of names.entries()) {
    writeFileSync(join(root, name), `content of ${place}\n`.repeat(place));
    const folder = join(root, 'deep', `${name}.d`);
    mkdirSync(folder);
    writeFileSync(join(folder, name), `${place}`);
  }
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'deep', 'er', 'script'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(root, 'secret'), 'x', { mode: 0o600 });
  writeFileSync(join(root, 'read-only'), 'y', { mode: 0o444 });
  mkdirSync(join(root, 'locked'));
  writeFileSync(join(root, 'locked', 'inside'), 'z');
  const past = new Date('2020-02-03T04:05:06Z');
  utimesSync(join(root, 'empty'), past, past);
  utimesSync(join(root, 'deep', 'er'), past, past);
  chmodSync(join(root, 'locked'), 0o555);
}

export function addLinks(root: string): void {
  symlinkSync('empty', join(root, 'link'));
  symlinkSync('../../secret', join(root, 'deep', 'er', 'link up'));
  symlinkSync('nowhere', join(root, 'dangling'));
  symlinkSync('deep', join(root, 'link to folder'));
}

export interface SnapshotOptions {
  readonly modes?: boolean;
  readonly times?: boolean;
}

/** Everything below a folder, in words that can be compared. */
export function snapshot(root: string, { modes = false, times = false }: SnapshotOptions = {}): string[] {
  const lines: string[] = [];
  const look = (name: string): void => {
    const full = join(root, name);
    const stats = lstatSync(full);
    const mode = modes && !stats.isSymbolicLink() ? ` ${(stats.mode & 0o777).toString(8)}` : '';
    const time = times && !stats.isSymbolicLink() ? ` ${Math.floor(stats.mtimeMs / 1000)}` : '';
    const told = `${JSON.stringify(name)}${mode}${time}`;
    if (stats.isSymbolicLink()) lines.push(`${told} -> ${readlinkSync(full)}`);
    else if (stats.isDirectory()) {
      lines.push(`${told} folder`);
      for (const child of readdirSync(full).sort()) look(join(name, child));
    } else {
      lines.push(`${told} ${stats.size} ${contentOf(full, stats.size)}`);
    }
  };
  for (const name of readdirSync(root).sort()) look(name);
  return lines;
}

const PIECE = Buffer.alloc(1024 * 1024);
const ZEROS = Buffer.alloc(PIECE.length);

/** SHA-256; of what is large the places of its zeros count as their number alone: a gigabyte of them is looked at, not hashed. */
function contentOf(file: string, size: number): string {
  const hash = createHash('sha256');
  if (size < 64 * PIECE.length) return hash.update(readFileSync(file)).digest('hex');
  const open = openSync(file, 'r');
  let zeros = 0;
  try {
    for (let read = readSync(open, PIECE); read > 0; read = readSync(open, PIECE)) {
      if (PIECE.subarray(0, read).equals(ZEROS.subarray(0, read))) zeros += read;
      else hash.update(`${zeros} `).update(PIECE.subarray(0, read));
    }
  } finally {
    closeSync(open);
  }
  return hash.update(`${zeros} `).digest('hex');
}

/** Ten thousand small files in a hundred folders. */
export function makeManyFiles(root: string): void {
  for (let place = 0; place < 10_000; place += 1) {
    const folder = join(root, `${place % 100}`);
    if (place < 100) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file ${place}`), `content of ${place}\n`);
  }
}

/** A file that is nothing but a hole with something at both ends and in the middle. */
export function makeSparseFile(file: string, size: number): void {
  const open = openSync(file, 'wx');
  for (const at of [0, Math.floor(size / 2) + 7, size - 5]) writeSync(open, 'bytes', at);
  closeSync(open);
}

/** Names of temporaries that a transfer has left anywhere below. */
export function leftovers(root: string): string[] {
  return (readdirSync(root, { recursive: true }) as string[]).filter((name) =>
    /(^|\/)\.pssh-ts\./.test(name),
  );
}
