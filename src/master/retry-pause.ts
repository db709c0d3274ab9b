import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** Before the next try to log in. Growing, and jittered: hosts dropped together must not come back together. */
export async function pauseBeforeRetry(tries: number, signal: AbortSignal): Promise<void> {
  const growing = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
  await pause(growing * (0.5 + Math.random()), undefined, { signal });
}
