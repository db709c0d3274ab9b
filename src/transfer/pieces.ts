import { open } from 'node:fs/promises';
import type { LocalEntry } from './local-source.js';

const PIECE = 256 * 1024;
// A file up to this size is read once for all hosts that it goes to at a time.
const SHARED = 2 * 1024 * 1024;

interface Shared {
  readonly content: Promise<Buffer>;
  users: number;
}

const shared = new WeakMap<LocalEntry, Shared>();

/** A file's bytes, exactly as many as it had. @throws where it has changed since */
export async function* pieces(entry: LocalEntry): AsyncGenerator<Buffer> {
  if (entry.size > SHARED) {
    yield* readPieces(entry);
    return;
  }
  const one = shared.get(entry) ?? { content: readAll(entry), users: 0 };
  one.content.catch(() => undefined);
  shared.set(entry, one);
  one.users += 1;
  try {
    const content = await one.content;
    if (content.length > 0) yield content;
  } finally {
    one.users -= 1;
    if (one.users === 0) shared.delete(entry);
  }
}

async function readAll(entry: LocalEntry): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of readPieces(entry)) all.push(piece);
  return Buffer.concat(all);
}

async function* readPieces(entry: LocalEntry): AsyncGenerator<Buffer> {
  const file = await open(entry.path, 'r');
  try {
    let left = entry.size;
    while (left > 0) {
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, left));
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) throw changed(entry);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

export const changed = (entry: LocalEntry): Error =>
  new Error(`${entry.path} has become shorter while it was sent`);
