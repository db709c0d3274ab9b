import { show } from '../core/show.js';

/** What the system said of a file, without its own naming of call and path. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || message === undefined) return message ?? String(error);
  const words = /^[A-Z0-9_]+: ([^,]+)/.exec(message)?.[1];
  return words === undefined ? code : `${words} (${code})`;
}

/** A kept file could not be written in the middle of a run: our failure. */
export function writeFailure(option: string, file: string, error: unknown): Error {
  return new Error(`${option}: ${show(file)} can't be written: ${systemReason(error)}`, { cause: error });
}
