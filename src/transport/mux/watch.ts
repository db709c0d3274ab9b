import { aliveCheck, ControlError } from '../../master/control.js';
import type { Link } from './link.js';

const EVERY_MS = 15_000;
const ALIVE_DEADLINE_MS = 5_000;
const SILENT_TIMES = 2;

/**
 * Gives a link up whose master is stopped: no socket ever tells. A quiet command is no sign of it, so the master
 * itself is asked. (Whether the host is still there is the master's business, by ServerAliveInterval.)
 * @returns what ends the watch
 */
export function watchMaster(link: Link, controlPath: string): () => void {
  let silent = 0;
  let asking = false;
  const look = async (): Promise<void> => {
    if (link.heard() || !link.busy || asking) {
      silent = 0;
      return;
    }
    asking = true;
    const fault = await aliveCheck(controlPath, ALIVE_DEADLINE_MS).then(
      () => null,
      (error: unknown) => (error instanceof ControlError ? error.fault : null),
    );
    asking = false;
    silent = fault === 'silent' && !link.heard() ? silent + 1 : 0;
    if (silent >= SILENT_TIMES) link.fail('ERR_MASTER', 'the master does not answer any more');
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
