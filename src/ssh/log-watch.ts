import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 3;
const LONGEST_PAUSE_MS = 10;

/**
 * Reads the log of a running ssh, again and again, until `find` finds something in it. A pipe in its place would be
 * held open by a master, and a file can't be waited on portably.
 * @param ended resolves when ssh has ended; the log is looked at once more then, if it is still there
 * @param signal ends the watching
 * @returns null: ssh ended, or the signal came, and nothing was found
 */
export async function watchLog<T>(
  path: string,
  find: (log: string) => T | null,
  ended: Promise<unknown>,
  signal: AbortSignal,
): Promise<T | null> {
  let over = false;
  const stop = ended.then(() => {
    over = true;
  });
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 1.5, LONGEST_PAUSE_MS)) {
    const log = readLog(path);
    const found = log === null ? null : find(log);
    if (found !== null || over || signal.aborted) return found;
    await Promise.race([stop, pause(ms)]);
  }
}

function readLog(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
