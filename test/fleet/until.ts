import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  readonly deadlineMs: number;
  /** Named in the error: "gave up after 5000 ms waiting for WHAT". */
  readonly what: string;
  /** @default 5 */
  readonly everyMs?: number;
}

/** Polls `condition` until it gives something truthy, which is returned; throws at the deadline. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { deadlineMs, what, everyMs = 5 }: UntilOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`gave up after ${deadlineMs} ms waiting for ${what}`);
    await pause(everyMs);
  }
}
