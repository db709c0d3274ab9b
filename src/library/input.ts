import { Readable } from 'node:stream';
import { Spool } from '../run/spool.js';

/** What the commands of one run read. */
export interface Input {
  /** Null: they read nothing. */
  readonly reader: (() => Readable) | null;
  close(): Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

/** @param onFailure told when a stream can't be read, or not be kept, to its end */
export async function openInput(
  stdin: string | Uint8Array | Readable | undefined,
  onFailure: (error: Error) => void,
): Promise<Input> {
  if (stdin === undefined) return { reader: null, close: nothing };
  if (stdin instanceof Readable) {
    const spool = await Spool.open(stdin, onFailure);
    return { reader: () => spool.reader(), close: () => spool.close() };
  }
  const bytes = Buffer.from(stdin);
  return { reader: () => Readable.from([bytes], { objectMode: false }), close: nothing };
}
