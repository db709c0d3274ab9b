import type { TransferredFile } from '../core/files.js';
import { NO_OUTPUT } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import type { Master } from '../master/pool.js';
import { nowMs } from '../ssh/now.js';
import { startsPrograms, transfer } from '../transfer/transfer.js';
import { describe, type Ending, isGiven } from './ending.js';
import { Guard } from './leash/guard.js';
import type { PlannedTransfer } from './plan.js';
import { endedBy } from './run-signal.js';
import { asPsshError, type StepContext } from './run-step.js';

const TELL_MOVED_MS = 250;

/** Moves files to or from one host over a connection that stands. Never throws: every ending is a result. */
export async function runTransfer(
  context: Omit<StepContext, 'planned'>,
  { command, request }: PlannedTransfer,
  master: Master,
): Promise<HostResult> {
  const { target, step, options, bus, connection, signal } = context;
  const startedAt = new Date();
  const started = nowMs();
  await bus.emit({ type: 'started', time: Date.now(), target, step, command });
  const guard = new Guard({
    connection,
    channel: null,
    mark: null,
    graceMs: options.killGraceMs,
    silenceMs: context.silenceMs,
    // Our scripts end by themselves with the connection; what scp and rsync start there may not.
    armed: startsPrograms(request),
  });
  const gaveUp = new AbortController();
  const programs = new AbortController();
  const moved = tellMoved((bytes) => void bus.emit({ type: 'moved', time: Date.now(), target, step, bytes }));
  const signals = { signal: gaveUp.signal, programs: programs.signal };
  const host = { target, connection, master, ...signals, moved };
  const work = transfer(request, host);
  const given = waitForGivenUp(signal, options.timeoutMs);
  let files: readonly TransferredFile[] = [];
  const done = work.then(
    (moved): Ending => {
      files = moved;
      return { by: 'done' };
    },
    (error: unknown): Ending => ({ by: 'fault', error: asPsshError(error, target) }),
  );
  const ending = await Promise.race([done, given.promise]);
  given.dispose();
  let killed: HostResult['killed'] = null;
  if (isGiven(ending)) {
    programs.abort();
    // First the host's side, which takes its temporary files away; then ours.
    killed = await guard.kill();
    gaveUp.abort();
    await done;
  }
  await guard.release();
  return {
    target,
    step,
    command,
    ...describe(ending),
    killed,
    stdout: NO_OUTPUT,
    stderr: NO_OUTPUT,
    truncated: false,
    attempts: context.attempts,
    startedAt,
    durationMs: Math.round(nowMs() - started),
    files,
  };
}

/** Adds up what has moved, and tells it not too often. */
function tellMoved(tell: (bytes: number) => void): (bytes: number) => void {
  let bytes = 0;
  let told = nowMs();
  return (more) => {
    bytes += more;
    const now = nowMs();
    if (now - told < TELL_MOVED_MS) return;
    told = now;
    tell(bytes);
  };
}

function waitForGivenUp(
  signal: AbortSignal,
  timeoutMs: number | null,
): { readonly promise: Promise<Ending>; readonly dispose: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let dispose = (): void => undefined;
  const promise = new Promise<Ending>((resolve) => {
    const onAbort = (): void => resolve({ by: endedBy(signal) });
    if (timeoutMs !== null) timer = setTimeout(() => resolve({ by: 'timeout' }), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    dispose = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  });
  return { promise, dispose };
}
