import type { Sink } from '../core/events.js';
import type { RunOptions } from '../core/options.js';
import type { Writer } from '../sinks/writer.js';

/** Also a view: it has to hear of the end. */
interface OutputLimit extends Sink<{ readonly type: string }> {
  readonly clear: () => void;
  readonly isGivenUp: () => boolean;
}

/**
 * After a cancel or the deadline a reader that takes nothing is waited for no longer than the remotes are. One that
 * reads, however slowly, gets all; and a deadline that comes when all hosts are done (somebody looks at the outputs
 * in a pager) is none.
 */
export function giveUpOutput(
  signal: AbortSignal,
  run: Pick<RunOptions, 'killGraceMs' | 'drainMs' | 'deadlineMs'>,
  stdout: Writer,
  tell: (text: string) => void,
): OutputLimit {
  let timer: NodeJS.Timeout | undefined;
  let givenUp = false;
  const check = (before: number): void => {
    timer = setTimeout(() => {
      const { taken } = stdout;
      if (taken > before) return check(taken);
      givenUp = stdout.abandon();
      if (givenUp) tell('pssh-ts: the reader of the output does not read; the rest of it is dropped\n');
    }, run.killGraceMs + run.drainMs);
  };
  // A cancel may follow the deadline.
  const start = (): void => {
    if (timer === undefined) check(stdout.taken);
  };
  signal.addEventListener('abort', start, { once: true });
  const deadline = run.deadlineMs === null ? undefined : setTimeout(start, run.deadlineMs);
  return {
    event: (event) => {
      if (event.type === 'summary') clearTimeout(deadline);
    },
    clear: () => {
      clearTimeout(timer);
      clearTimeout(deadline);
      signal.removeEventListener('abort', start);
    },
    isGivenUp: () => givenUp,
  };
}
