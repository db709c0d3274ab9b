import type { Readable } from 'node:stream';
import type { RunOptions } from '../core/options.js';
import { type BlockStore, NO_OUTPUT } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import { ConnectFailure } from '../master/login.js';
import type { EventBus } from './event-bus.js';
import { HostConnection } from './host-connection.js';
import type { PlannedJob } from './jobs/job-steps.js';
import { runJob } from './jobs/run-job.js';
import type { PlannedHost, PlannedStep } from './plan.js';
import { type Reach, silenceOf } from './reach.js';
import { runHealth } from './run-health.js';
import { endedBy } from './run-signal.js';
import { asPsshError, runStep, type StepContext } from './run-step.js';
import { runTransfer } from './run-transfer.js';
import type { StartGate } from './start-gate.js';

export interface HostContext extends Reach {
  readonly options: RunOptions;
  readonly bus: EventBus;
  /** Where captured output lies. */
  readonly store: BlockStore;
  readonly stdin: (() => Readable) | null;
  readonly signal: AbortSignal;
  /** Whether this host may still start. */
  readonly gate: Pick<StartGate, 'closedBy'>;
}

/** Connects to one host and runs its steps one after another. Never throws: every ending is a result. */
export async function runHost(host: PlannedHost, context: HostContext): Promise<HostResult[]> {
  const { target, steps } = host;
  const { bus, signal } = context;
  const results: HostResult[] = [];
  const record = async (result: HostResult): Promise<void> => {
    results.push(result);
    await bus.emit({ type: 'finished', time: Date.now(), target, result });
  };
  const idle = unbegun(host, context);
  if (idle !== null) {
    for (const step of steps.keys()) await record(unrun(host, step, idle));
    return results;
  }

  const { pool, transport, acquire } = context;
  const link = new HostConnection({ target, pool, transport, acquire, bus, signal });
  try {
    const { lease, connection } = await link.connect();
    const { kind, reason } = connection;
    const chosen = { kind, ...(reason === undefined ? {} : { reason }) };
    // Without a master each command connects for itself.
    if (kind !== 'plain')
      await bus.emit({
        type: 'connected',
        time: Date.now(),
        target,
        reused: lease.reused,
        transport: chosen,
      });
    // While it connected others may have failed.
    const late = unbegun(host, context);
    for (const [step, planned] of steps.entries()) {
      const failed = results.some((result) => result.status !== 'ok');
      if (late !== null || signal.aborted || (failed && !context.options.keepCommands)) {
        await record(unrun(host, step, late ?? skipped(signal)));
        continue;
      }
      const work = { ...context, target, step };
      const result =
        'healthMs' in planned
          ? await runHealth(link, {
              ...work,
              planned,
              runOnce: (own) => runOver(link, { ...work, ...own }, planned),
              unreached: (error) => unrun(host, step, connectFault(error, host, signal)),
            })
          : 'job' in planned
            ? await runJob(link, {
                ...work,
                planned,
                runOnce: (sent, own) => runSent(link, { ...work, ...own }, sent),
                unreached: (error) => unrun(host, step, connectFault(error, host, signal)),
              })
            : await runSent(link, work, planned);
      // What may still run there holds a session of the master and would hold it open.
      if (result.killed === 'unknown') link.retire();
      await record(result);
    }
  } catch (error) {
    const fault = connectFault(error, host, signal);
    const attempts = link.attempts + (fault.attempts ?? 0);
    await record(unrun(host, results.length, { ...fault, attempts }));
    while (results.length < steps.length) {
      await record(unrun(host, results.length, skipped(signal)));
    }
  } finally {
    await link.close();
  }
  return results;
}

type SentStep = Exclude<PlannedStep, PlannedJob>;
type StepWork = Omit<StepContext, 'planned' | 'connection' | 'attempts' | 'silenceMs'>;

/** Runs a step; what could not be sent is tried again over another connection. */
async function runSent(link: HostConnection, work: StepWork, planned: SentStep): Promise<HostResult> {
  if (link.current === null) await link.connect();
  let result = await runOver(link, work, planned);
  while (result.error?.code === 'ERR_CHANNEL_OPEN' && (await link.renew()))
    result = await runOver(link, work, planned);
  link.settle();
  return result;
}

/** Runs a step over the connection that stands. */
async function runOver(host: HostConnection, work: StepWork, planned: SentStep): Promise<HostResult> {
  const { current, attempts } = host;
  if (current === null) throw new Error('no connection stands');
  const { connection, lease } = current;
  const context = { ...work, connection, attempts, silenceMs: silenceOf(lease.master) };
  const result = await ('request' in planned
    ? runTransfer(context, planned, lease.master)
    : runStep({ ...context, planned }));
  if (connection.spent === true) await host.giveUp();
  return result;
}

type Fault = Pick<HostResult, 'status'> &
  Partial<Pick<HostResult, 'error' | 'attempts' | 'skippedBy' | 'timedOutBy'>>;

/** Why nothing is begun on a host; null: it is. */
function unbegun({ skipped: reason }: PlannedHost, { signal, gate }: HostContext): Fault | null {
  if (reason !== undefined) return { status: 'skipped', skippedBy: 'plan' };
  if (signal.aborted) return skipped(signal);
  return gate.closedBy === null ? null : { status: 'skipped', skippedBy: gate.closedBy };
}

function skipped(signal: AbortSignal): Fault {
  const late = signal.aborted && endedBy(signal) === 'deadline';
  return { status: 'skipped', skippedBy: late ? 'deadline' : 'failure' };
}

function connectFault(error: unknown, host: PlannedHost, signal: AbortSignal): Fault {
  if (signal.aborted && endedBy(signal) === 'deadline') {
    const late = { code: 'ERR_CONNECT_TIMEOUT', message: 'not connected yet' } as const;
    return { status: 'timed-out', timedOutBy: 'deadline', error: late };
  }
  if (signal.aborted) return { status: 'canceled' };
  const { code, message } = asPsshError(error, host.target);
  if (error instanceof ConnectFailure) {
    const failed = { status: error.status, attempts: error.attempts, error: { code, message } };
    return error.status === 'skipped' ? { ...failed, skippedBy: 'failure' } : failed;
  }
  return { status: 'unreachable', error: { code, message } };
}

/** The result of a step that was not run. */
function unrun(host: PlannedHost, step: number, fault: Fault): HostResult {
  return {
    target: host.target,
    step,
    command: host.steps[step]?.command ?? '',
    exitCode: null,
    signal: null,
    stdout: NO_OUTPUT,
    stderr: NO_OUTPUT,
    truncated: false,
    attempts: 0,
    startedAt: null,
    durationMs: 0,
    killed: null,
    error: null,
    ...fault,
  };
}
