import { Refused } from './received-name.js';
import { type TransferHost, transferError } from './remote.js';
import { withoutTemporaries } from './temporary.js';

/** A fault of ours, or what was refused, told with the host that it kept from its files. @throws PsshError ERR_TRANSFER */
export async function ownFault<T>(host: TransferHost, work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (host.signal.aborted) throw error;
    const { code, message, path: at } = error as NodeJS.ErrnoException;
    if (error instanceof Refused || code === undefined) throw transferError(host.target, message, error);
    // Those of a file that is open name no place.
    const place = at === undefined || message.includes(at) ? '' : `, ${at}`;
    throw transferError(host.target, withoutTemporaries(`here${place}: ${message}`), error);
  }
}

/** The same for a file of ours that is read. */
export async function* ownPieces(host: TransferHost, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const all = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await ownFault(host, all.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await all.return?.();
  }
}
