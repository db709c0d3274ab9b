import type { Readable } from 'node:stream';
import type { RunOptions } from '../core/options.js';
import { type BlockStore, NO_OUTPUT } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import { ConnectFailure } from '../master/login.js';
import type { Lease } from '../master/pool.js';
import type { Connection } from '../transport/transport.js';
import type { EventBus } from './event-bus.js';
import type { PlannedHost } from './plan.js';
import { type Reach, type Reached, reachHost, silenceOf } from './reach.js';
import { endedBy } from './run-signal.js';
import { asPsshError, runStep } from './run-step.js';

export interface HostContext extends Reach {
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
  const obtain = (): Promise<Reached> =>
    reachHost(target, context, signal, onAttempt, (taken) => {
      lease = taken;
    });
  try {
    ({ lease, connection } = await obtain());
    const { kind, reason } = connection;
    const transport = { kind, ...(reason === undefined ? {} : { reason }) };
    // Without a master each command connects for itself.
    if (kind !== 'plain')
      await bus.emit({ type: 'connected', time: Date.now(), target, reused: lease.reused, transport });
    for (const [step, planned] of steps.entries()) {
      const failed = results.some((result) => result.status !== 'ok');
      if (signal.aborted || (failed && !context.options.keepCommands)) {
        await record(unrun(host, step, skipped(signal)));
        continue;
      }
      const { attempts, master } = lease;
      const silenceMs = silenceOf(master);
      let result = await runStep({ ...context, target, step, planned, connection, attempts, silenceMs });
      // Nothing was started: sessions of an earlier run may hold the place. A login of our own has room.
      if (result.error?.code === 'ERR_CHANNEL_OPEN' && kind !== 'plain' && !renewed && !signal.aborted) {
        renewed = true;
        if (lease.master.users) {
          const message = "your own master gives no session; logging in for one of pssh-ts's";
          await bus.emit({ type: 'note', time: Date.now(), target, message });
        }
        lease.retire();
        await connection.close();
        await lease.release();
        ({ lease, connection } = await obtain());
        const again = { target, step, planned, connection, attempts: lease.attempts, silenceMs };
        result = await runStep({ ...context, ...again });
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
