import { setTimeout as pause } from 'node:timers/promises';
import { formatDuration } from '../core/duration.js';
import type { OutputEvent, RunEvent } from '../core/events.js';
import type { HostResult } from '../core/result.js';
import { nowMs } from '../ssh/now.js';
import { EventBus } from './event-bus.js';
import type { HostConnection } from './host-connection.js';
import type { PlannedHealth } from './plan.js';
import type { StepContext } from './run-step.js';

const PAUSE_MS = 1_000;
// Of one try; what it says more is left out.
const MOST_HELD = 1024 * 1024;

export interface HealthContext extends Pick<StepContext, 'target' | 'step' | 'options' | 'bus' | 'signal'> {
  readonly planned: PlannedHealth;
  /** One try, over the connection that stands. Never throws. */
  readonly runOnce: (own: Pick<StepContext, 'bus' | 'options' | 'stdin'>) => Promise<HostResult>;
  /** The result where no connection can be had. */
  readonly unreached: (error: unknown) => HostResult;
}

/**
 * Runs a check until it succeeds or its time is over; the result, and what was printed, are the last try's. A connection
 * that is lost meanwhile is made again: what is checked may have started the host anew.
 */
export async function runHealth(link: HostConnection, context: HealthContext): Promise<HostResult> {
  const { planned, options, signal, bus, target, step } = context;
  const startedAt = new Date();
  const started = nowMs();
  const end = started + planned.healthMs;
  const timeLimit = options.timeoutMs ?? Number.POSITIVE_INFINITY;
  await bus.emit({ type: 'started', time: Date.now(), target, step, command: planned.command });
  for (let tries = 1; ; tries += 1) {
    const output = new HeldOutput();
    const left = Math.max(1, end - nowMs());
    const timeoutMs = Math.min(timeLimit, left);
    const own = {
      bus: new EventBus([output], () => undefined),
      options: { ...options, timeoutMs, pty: null },
    };
    const result = await reconnected(link).then(
      () => context.runOnce({ ...own, stdin: null }),
      (error: unknown) => context.unreached(error),
    );
    if (result.status === 'unreachable' || result.status === 'disconnected') {
      link.retire();
      await link.close();
    }
    link.settle();
    const isLast = end - nowMs() < PAUSE_MS;
    if (result.status !== 'ok' && !isLast && !signal.aborted) {
      await pause(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) continue;
    }
    for (const event of output.events) await bus.emit(event);
    if (result.status !== 'ok') {
      const count = `${tries} ${tries === 1 ? 'try' : 'tries'}`;
      const message = `not healthy after ${count} within ${formatDuration(planned.healthMs)}: ${planned.command}`;
      await bus.emit({ type: 'note', time: Date.now(), target, message });
    }
    return { ...result, startedAt, durationMs: Math.round(nowMs() - started) };
  }
}

async function reconnected(link: HostConnection): Promise<void> {
  if (link.current === null) await link.connect();
}

/** What one try prints, until it is known whether it is the last. */
class HeldOutput {
  readonly events: OutputEvent[] = [];
  private bytes = 0;

  event(event: RunEvent): void {
    if (event.type !== 'output') return;
    this.bytes += event.data.length;
    if (this.bytes <= MOST_HELD) this.events.push(event);
  }
}
