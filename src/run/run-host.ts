import type { Readable } from 'node:stream';
import type { RunOptions } from '../core/options.js';
import { type BlockStore, NO_OUTPUT } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import { ConnectFailure } from '../master/login.js';
import type { Lease, Master, MasterPool } from '../master/pool.js';
import { DEFAULT_ALIVE_SECONDS } from '../master/session-traits.js';
import type { Connection, Transport } from '../transport/transport.js';
import type { EventBus } from './event-bus.js';
import type { PlannedHost, PlannedStep } from './plan.js';
import { endedBy } from './run-signal.js';
import { asPsshError, runStep, type StepContext } from './run-step.js';
import { runTransfer } from './run-transfer.js';

export interface HostContext {
  readonly pool: MasterPool;
  readonly transport: Transport;
  readonly options: RunOptions;
  readonly bus: EventBus;
  /** Where captured output lies. */
  readonly store: BlockStore;
  readonly stdin: (() => Readable) | null;
  readonly signal: AbortSignal;
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
  if (signal.aborted) {
    for (const step of steps.keys()) await record(unrun(host, step, skipped(signal)));
    return results;
  }

  let lease: Lease | null = null;
  let connection: Connection | null = null;
  let renewed = false;
  const onAttempt = (attempt: number): void => {
    void bus.emit({ type: 'connecting', time: Date.now(), target, attempt });
  };
  const obtain = async (): Promise<{ lease: Lease; connection: Connection }> => {
    const { pool, transport } = context;
    let proven: Connection | null = null;
    const prove = async (master: Master): Promise<void> => {
      proven = await transport.connect(master, pool, signal);
    };
    lease = await pool.acquire(target, signal, onAttempt, prove);
    return { lease, connection: proven ?? (await transport.connect(lease.master, pool, signal)) };
  };
  try {
    ({ lease, connection } = await obtain());
    const { kind, reason } = connection;
    const transport = { kind, ...(reason === undefined ? {} : { reason }) };
    await bus.emit({ type: 'connected', time: Date.now(), target, reused: lease.reused, transport });
    for (const [step, planned] of steps.entries()) {
      const failed = results.some((result) => result.status !== 'ok');
      if (signal.aborted || (failed && !context.options.keepCommands)) {
        await record(unrun(host, step, skipped(signal)));
        continue;
      }
      const { attempts, master } = lease;
      const silenceMs = silenceOf(master);
      let result = await runPlanned(
        { ...context, target, step, connection, attempts, silenceMs },
        planned,
        master,
      );
      // Nothing was started: sessions of an earlier run may hold the place. A login of our own has room.
      if (result.error?.code === 'ERR_CHANNEL_OPEN' && !renewed && !signal.aborted) {
        renewed = true;
        lease.retire();
        await connection.close();
        await lease.release();
        ({ lease, connection } = await obtain());
        const again = { target, step, connection, attempts: lease.attempts, silenceMs };
        result = await runPlanned({ ...context, ...again }, planned, lease.master);
      }
      // What may still run there holds a session of the master and would hold it open.
      if (result.killed === 'unknown') lease.retire();
      await record(result);
    }
  } catch (error) {
    const { attempts = 0 } = lease ?? {};
    await record(unrun(host, results.length, { attempts, ...connectFault(error, host, signal) }));
    while (results.length < steps.length) {
      await record(unrun(host, results.length, skipped(signal)));
    }
  } finally {
    await connection?.close();
    if (connection?.poisoned === true) lease?.retire();
    await lease?.release();
  }
  return results;
}

function runPlanned(
  context: Omit<StepContext, 'planned'>,
  planned: PlannedStep,
  master: Master,
): Promise<HostResult> {
  return 'request' in planned ? runTransfer(context, planned, master) : runStep({ ...context, planned });
}

type Fault = Pick<HostResult, 'status'> &
  Partial<Pick<HostResult, 'error' | 'attempts' | 'skippedBy' | 'timedOutBy'>>;

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
    return { status: error.status, attempts: error.attempts, error: { code, message } };
  }
  return { status: 'unreachable', error: { code, message } };
}

/** As long as ssh itself bears a silent network; a second is too short for a busy machine. */
function silenceOf({ session }: Master): number {
  return Math.max(2, session?.aliveSeconds ?? DEFAULT_ALIVE_SECONDS) * 1000;
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
