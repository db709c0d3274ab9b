import { Refused } from './received-name.js';
import { type TransferHost, transferError } from './remote.js';

/** A fault of ours, or what was refused, told with the host that it kept from its files. @throws PsshError ERR_TRANSFER */
export async function ownFault<T>(host: TransferHost, work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (host.signal.aborted) throw error;
    const { code, message, path: at } = error as NodeJS.ErrnoException;
    if (error instanceof Refused || code === undefined) throw transferError(host.target, message, error);
    throw transferError(host.target, `here${at === undefined ? '' : `, ${at}`}: ${message}`, error);
  }
}
