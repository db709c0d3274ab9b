import { readFileSync } from 'node:fs';
import type { Pack } from 'tar-stream';
import { drained } from './drained.js';
import type { LocalEntry } from './local-source.js';
import { changed, pieces } from './pieces.js';

// Small files are read at once: ten thousand waits for the disk cost more than their reading.
const SMALL = 64 * 1024;
const BATCH = 64 * 1024;

/** A file that we make up for the other side. */
export interface MadeFile {
  readonly name: string;
  readonly text: string;
}

/**
 * A tar archive of local files below `files/`, as a stream: no file is held in memory. What is made up comes last.
 * @param onContent told of bytes of files as they go into it
 * @throws where a file has changed since it was looked at
 */
export async function* archive(
  entries: readonly LocalEntry[],
  last: readonly MadeFile[],
  onContent: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const { pack } = await import('tar-stream');
  const stream = pack();
  const made = fill(stream, entries, last, onContent).catch((error: unknown) =>
    stream.destroy(error as Error),
  );
  let batch: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      batch.push(piece);
      bytes += piece.length;
      if (bytes < BATCH) continue;
      yield Buffer.concat(batch, bytes);
      batch = [];
      bytes = 0;
    }
    yield Buffer.concat(batch, bytes);
  } finally {
    stream.destroy();
    await made;
  }
}

async function fill(
  stream: Pack,
  entries: readonly LocalEntry[],
  last: readonly MadeFile[],
  onContent: (bytes: number) => void,
): Promise<void> {
  for (const entry of entries) await addEntry(stream, entry, onContent);
  for (const { name, text } of last)
    await addBytes(stream, { name, mode: 0o600, mtime: new Date() }, Buffer.from(text));
  stream.finalize();
}

async function addEntry(stream: Pack, entry: LocalEntry, onContent: (bytes: number) => void): Promise<void> {
  // Set-user-id and its like would come with another owner.
  const header = {
    name: `files/${entry.name}`,
    mode: entry.mode & 0o777,
    mtime: entry.mtime,
    uid: 0,
    gid: 0,
  };
  switch (entry.kind) {
    case 'folder':
      return added((done) => stream.entry({ ...header, type: 'directory' }, done).end(undefined));
    case 'link':
      return added((done) =>
        stream.entry({ ...header, type: 'symlink', linkname: entry.link }, done).end(undefined),
      );
    case 'file':
      if (entry.size > SMALL) return addLarge(stream, header, entry, onContent);
      onContent(entry.size);
      return addBytes(stream, header, sameSize(entry, readFileSync(entry.path)));
  }
}

type FileHeader = { readonly name: string; readonly mode: number; readonly mtime: Date };

function addBytes(stream: Pack, header: FileHeader, bytes: Buffer): Promise<void> {
  return added((done) => stream.entry({ ...header, type: 'file', size: bytes.length }, done).end(bytes));
}

async function addLarge(
  stream: Pack,
  header: FileHeader,
  entry: LocalEntry,
  onContent: (bytes: number) => void,
): Promise<void> {
  await added((done, failed) => {
    const sink = stream.entry({ ...header, type: 'file', size: entry.size }, done);
    const copy = async (): Promise<void> => {
      for await (const piece of pieces(entry)) {
        onContent(piece.length);
        if (sink.write(piece)) continue;
        await drained(sink);
      }
      sink.end(undefined);
    };
    copy().catch(failed);
  });
}

function sameSize(entry: LocalEntry, bytes: Buffer): Buffer {
  if (bytes.length < entry.size) throw changed(entry);
  return bytes.subarray(0, entry.size);
}

function added(
  begin: (done: (error?: Error | null) => void, failed: (error: Error) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => (error ? reject(error) : resolve()), reject);
  });
}
