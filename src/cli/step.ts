import { createInterface } from 'node:readline';
import { foldNames } from '../core/fold.js';
import type { Batch } from '../run/runner.js';
import type { Screen } from '../sinks/screen.js';
import type { Io } from './io.js';

/** `--step`: asks before each batch. What is no answer is asked again; the end of the input means no. */
export function askEachBatch(
  io: Io,
  tell: (text: string) => void,
  screen: Screen | null,
): (batch: Batch, signal: AbortSignal) => Promise<boolean> {
  let all = false;
  return async ({ number, of, targets }, signal) => {
    if (all) return true;
    const hosts = foldNames(targets.map(({ label }) => label));
    // No terminal of readline's own: ^C stays the signal that it is elsewhere.
    const lines = createInterface({ input: io.stdin, terminal: false });
    // What is typed stands in a line of its own.
    screen?.hold(true);
    try {
      for (;;) {
        tell(
          `pssh-ts: batch ${number} of ${of}: ${hosts}; go on? y (yes), a (yes, and all that follow), n (no)\n`,
        );
        const answer = await nextLine(lines, signal);
        if (answer === null || /^\s*no?\s*$/i.test(answer)) return false;
        all = /^\s*a(ll)?\s*$/i.test(answer);
        if (all || /^\s*y(es)?\s*$/i.test(answer)) return true;
      }
    } finally {
      lines.close();
      screen?.hold(false);
    }
  };
}

/** Null: there is none, or the run was ended meanwhile. */
function nextLine(lines: ReturnType<typeof createInterface>, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const done = (line: string | null): void => {
      signal.removeEventListener('abort', onEnd);
      lines.off('line', done);
      lines.off('close', onEnd);
      resolve(line);
    };
    const onEnd = (): void => done(null);
    lines.once('line', done);
    lines.once('close', onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
    if (signal.aborted) onEnd();
  });
}
