import { aliveCheck, ControlError } from '../master/control.js';

const EVERY_MS = 15_000;
const ALIVE_DEADLINE_MS = 5_000;
const SILENT_TIMES = 2;

/** What goes over a master. */
export interface Watched {
  /** Whether anything was received since this was last asked. */
  heard(): boolean;
  /** Something is awaited of it. */
  readonly busy: boolean;
  /** Gives it up. */
  fail(code: 'ERR_MASTER', reason: string): void;
}

/**
 * Gives up what goes over a master that is stopped: no socket ever tells. A quiet command is no sign of it, so the master
 * itself is asked. (Whether the host is still there is the master's business, by ServerAliveInterval.)
 * @returns what ends the watch
 */
export function watchMaster(watched: Watched, controlPath: string): () => void {
  let silent = 0;
  let asking = false;
  const look = async (): Promise<void> => {
    if (watched.heard() || !watched.busy || asking) {
      silent = 0;
      return;
    }
    asking = true;
    const fault = await aliveCheck(controlPath, ALIVE_DEADLINE_MS).then(
      () => null,
      (error: unknown) => (error instanceof ControlError ? error.fault : null),
    );
    asking = false;
    silent = fault === 'silent' && !watched.heard() ? silent + 1 : 0;
    if (silent >= SILENT_TIMES) watched.fail('ERR_MASTER', 'the master does not answer any more');
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
