import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { formatDuration } from '../../core/duration.js';
import type { HostResult } from '../../core/result.js';
import { nowMs } from '../../ssh/now.js';
import { EventBus } from '../event-bus.js';
import type { HostConnection } from '../host-connection.js';
import type { PlannedCommand } from '../plan.js';
import type { StepContext } from '../run-step.js';
import { JobOutput } from './job-output.js';
import type { PlannedJob, Verdict } from './job-steps.js';

const PAUSE_MS = 1_000;

export interface JobContext
  extends Pick<StepContext, 'target' | 'step' | 'options' | 'bus' | 'store' | 'signal'> {
  readonly planned: PlannedJob;
  /** Runs a script over the connection that stands. Never throws. */
  readonly runOnce: (
    planned: PlannedCommand,
    own: Pick<StepContext, 'bus' | 'options' | 'stdin'>,
  ) => Promise<HostResult>;
  /** The result where no connection can be had. */
  readonly unreached: (error: unknown) => HostResult;
}

/**
 * Does something with a job on one host. All of it can be sent again: the job goes on without us, so a connection that
 * is lost is made anew, and what was read of the job's output is not read twice.
 */
export async function runJob(link: HostConnection, context: JobContext): Promise<HostResult> {
  const { options, signal, bus, target, step } = context;
  const { command, job } = context.planned;
  const startedAt = new Date();
  const started = nowMs();
  const output = new JobOutput(context);
  const limit = options.timeoutMs === null ? null : started + options.timeoutMs;
  const own = {
    bus: new EventBus([output], () => undefined),
    stdin: job.input === undefined ? null : () => Readable.from([job.input]),
  };
  const finish = async (result: HostResult, verdict: Verdict | null): Promise<HostResult> => {
    await output.ended();
    if (verdict?.note !== undefined)
      await bus.emit({ type: 'note', time: Date.now(), target, message: verdict.note });
    const { note: _, ...ending } = verdict ?? {};
    // What was given up is the looking; the job goes on.
    const killed = result.killed !== null && job.startsJob === true ? 'unknown' : null;
    const durationMs = Math.round(nowMs() - started);
    return { ...result, command, killed, ...ending, ...output.kept, startedAt, durationMs };
  };
  await bus.emit({ type: 'started', time: Date.now(), target, step, command });
  let lostAt: number | null = null;
  for (let again = false; ; again = true) {
    const left = limit === null ? null : Math.max(1, limit - nowMs());
    const timed = { ...options, timeoutMs: left, capture: false, pty: null };
    const planned = { command, text: job.text(output.received) };
    const result = await reconnected(link).then(
      () => context.runOnce(planned, { ...own, options: timed }),
      (error: unknown) => context.unreached(error),
    );
    if (result.killed === 'unknown') link.retire();
    if (result.status === 'ok' || result.status === 'failed')
      return finish(result, job.verdict(output.reports, again) ?? untold(output.lastWords));
    const now = nowMs();
    const isLost = result.status === 'disconnected' || result.status === 'unreachable';
    if (!isLost || signal.aborted) return finish(result, null);
    if (limit !== null && now >= limit) return finish({ ...result, status: 'timed-out', error: null }, null);
    if (result.status === 'disconnected') lostAt = now;
    // A host that was never reached is not lost.
    if (lostAt === null || now - lostAt >= job.reconnectMs) return finish(result, null);
    if (!again) await tellLoss(context, job.reconnectMs);
    output.lost();
    link.retire();
    await link.close();
    link.settle();
    await pause(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function tellLoss({ bus, target }: JobContext, reconnectMs: number): Promise<void> {
  const message = `the connection is lost; trying again for ${formatDuration(reconnectMs)}`;
  await bus.emit({ type: 'note', time: Date.now(), target, message });
}

/** The script ended without a word that we understand. */
function untold(lastWords: string): Verdict {
  const message = lastWords === '' ? 'the host did not run what was sent (a forced command?)' : lastWords;
  return { status: 'failed', exitCode: null, signal: null, error: { code: 'ERR_JOB', message } };
}

async function reconnected(link: HostConnection): Promise<void> {
  if (link.current === null) await link.connect();
}
