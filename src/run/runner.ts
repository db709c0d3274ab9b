import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import pMap from 'p-map';
import type { RunSummary, Sink } from '../core/events.js';
import { exitCode } from '../core/exit-code.js';
import type { RunOptions } from '../core/options.js';
import { type BlockStore, memoryStore } from '../core/output.js';
import { type HostResult, hostStatus, STATUSES, type Status } from '../core/result.js';
import { batchesOf } from '../core/rolling.js';
import type { Target } from '../core/target.js';
import type { MasterPool } from '../master/pool.js';
import { nowMs } from '../ssh/now.js';
import type { Transport } from '../transport/transport.js';
import { EventBus } from './event-bus.js';
import type { PlannedHost } from './plan.js';
import type { Reach } from './reach.js';
import { runHost } from './run-host.js';
import { runSignal } from './run-signal.js';
import { StartGate } from './start-gate.js';

const LONG_MS = 3_600_000;

export interface RunRequest {
  readonly plan: readonly PlannedHost[];
  readonly pool: MasterPool;
  readonly transport: Transport;
  /** How one host is reached. @default through the pool and the transport */
  readonly reachOf?: (target: Target) => Reach;
  readonly options: RunOptions;
  readonly sinks: readonly Sink[];
  /** Where captured output lies. @default in memory */
  readonly store?: BlockStore;
  /** Gives each host's input; null: stdin is empty. */
  readonly stdin: (() => Readable) | null;
  readonly signal: AbortSignal;
  /** Asked before each batch; false: no further host starts, by plan. @default all of them are run */
  readonly beforeBatch?: (batch: Batch, signal: AbortSignal) => Promise<boolean>;
  /** The exit code that the summary tells. @default the table of core/exit-code */
  readonly exitCodeOf?: (results: readonly HostResult[]) => number;
  /** A view failed; the run goes on unless the caller aborts it. */
  readonly onSinkError: (error: unknown) => void;
}

/** Hosts that are run before the next ones. */
export interface Batch {
  /** From 1. */
  readonly number: number;
  /** Of how many. */
  readonly of: number;
  readonly targets: readonly Target[];
}

export interface RunOutcome {
  /** One for each host and step, in the targets' order. */
  readonly results: readonly HostResult[];
  readonly summary: RunSummary;
}

/** Runs a plan, batch after batch: at most `fanout` hosts at once, every host's results in the plan's order. */
export async function runPlan(request: RunRequest): Promise<RunOutcome> {
  const { plan, options, sinks } = request;
  const started = nowMs();
  const store = request.store ?? memoryStore;
  const bus = new EventBus(sinks, request.onSinkError);
  // What a host waits for may be a timer that holds nobody, or no more than an answer: the run is to be held all the same.
  const held = setInterval(() => undefined, LONG_MS);
  const { signal, cancel, dispose } = runSignal(request.signal, options.deadlineMs);
  const { pool, transport } = request;
  const usual = { pool, transport, acquire: pool.acquire.bind(pool) } satisfies Reach;
  const reachOf = request.reachOf ?? (() => usual);
  const gate = openGate(request, bus, cancel);
  const byHost: HostResult[][] = plan.map(() => []);
  const run = async (place: number): Promise<void> => {
    const host = plan[place];
    if (host === undefined) return;
    const context = { ...request, ...reachOf(host.target), bus, store, signal, gate };
    const results = await runHost(host, context);
    byHost[place] = results;
    gate.ended(results);
  };
  try {
    const places = [...plan.keys()];
    const isSkipped = (place: number): boolean => plan[place]?.skipped !== undefined;
    for (const place of places.filter(isSkipped)) await run(place);
    const batches = batchesOf(
      places.filter((place) => !isSkipped(place)),
      options.rolling.serial,
    );
    for (const [done, batch] of batches.entries()) {
      if (done > 0) await pauseBetween(options.rolling.batchPauseMs, gate, signal);
      await askBefore({ done, batch, of: batches.length, request, gate, signal });
      await pMap(batch, run, { concurrency: options.fanout });
    }
  } finally {
    clearInterval(held);
    dispose();
  }
  const results = byHost.flat();
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const host of byHost) counts[hostStatus(host)] += 1;
  const durationMs = Math.round(nowMs() - started);
  const summary: RunSummary = {
    total: plan.length,
    counts,
    durationMs,
    exitCode: (request.exitCodeOf ?? exitCode)(results),
  };
  await bus.emit({ type: 'summary', time: Date.now(), summary });
  await bus.end();
  return { results, summary };
}

function openGate(
  { plan, options: { rolling } }: RunRequest,
  bus: EventBus,
  cancel: (reason: Error) => void,
): StartGate {
  const total = plan.filter(({ skipped }) => skipped === undefined).length;
  return new StartGate(total, rolling, (failed) => {
    const hosts = `${failed} of ${total} host${total === 1 ? '' : 's'}`;
    const then = rolling.failFast ? 'the others are cancelled' : 'no further host starts';
    const message = `${hosts} failed, more than are allowed: ${then}`;
    if (total > failed) void bus.emit({ type: 'note', time: Date.now(), target: null, message });
    if (rolling.failFast) cancel(new Error('too many hosts failed'));
  });
}

async function pauseBetween(ms: number, gate: StartGate, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted || gate.closedBy !== null) return;
  // Cut short by a cancel or the deadline: what is left is told as skipped.
  await pause(ms, undefined, { signal }).catch(() => undefined);
}

async function askBefore(ask: {
  readonly done: number;
  readonly of: number;
  readonly batch: readonly number[];
  readonly request: RunRequest;
  readonly gate: StartGate;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { done, of, batch, request, gate, signal } = ask;
  if (request.beforeBatch === undefined || signal.aborted || gate.closedBy !== null) return;
  const targets = batch.flatMap((place) => request.plan[place]?.target ?? []);
  if (!(await request.beforeBatch({ number: done + 1, of, targets }, signal))) gate.close();
}
