import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  readonly deadlineMs: number;
  /** Named in the error: "gave up after 5000 ms waiting for WHAT". */
  readonly what: string;
  /** @default 5 */
  readonly everyMs?: number;
}

// `ps` each 5 ms keeps a core busy, which those who are waited for could use.
const PAUSE_PER_WORK = 3;
const LONGEST_PAUSE_MS = 100;

/**
 * Polls `condition` until it gives something truthy, which is returned; throws at the deadline. A condition that takes
 * long is asked less often.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { deadlineMs, what, everyMs = 5 }: UntilOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const asked = performance.now();
    const value = await condition();
    const tookMs = performance.now() - asked;
    if (value) return value as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`gave up after ${deadlineMs} ms waiting for ${what}`);
    await pause(Math.max(everyMs, Math.min(tookMs * PAUSE_PER_WORK, LONGEST_PAUSE_MS)));
  }
}
