import type { Readable } from 'node:stream';
import pMap from 'p-map';
import type { RunSummary, Sink } from '../core/events.js';
import { exitCode } from '../core/exit-code.js';
import type { RunOptions } from '../core/options.js';
import { type BlockStore, memoryStore } from '../core/output.js';
import { type HostResult, hostStatus, STATUSES, type Status } from '../core/result.js';
import type { Target } from '../core/target.js';
import type { MasterPool } from '../master/pool.js';
import type { Transport } from '../transport/transport.js';
import { EventBus } from './event-bus.js';
import type { PlannedHost } from './plan.js';
import type { Reach } from './reach.js';
import { runHost } from './run-host.js';
import { runSignal } from './run-signal.js';

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
  /** The exit code that the summary tells. @default the table of core/exit-code */
  readonly exitCodeOf?: (results: readonly HostResult[]) => number;
  /** A view failed; the run goes on unless the caller aborts it. */
  readonly onSinkError: (error: unknown) => void;
}

export interface RunOutcome {
  /** One for each host and step, in the targets' order. */
  readonly results: readonly HostResult[];
  readonly summary: RunSummary;
}

/** Runs a plan: at most `fanout` hosts at once, every host's results in the plan's order. */
export async function runPlan(request: RunRequest): Promise<RunOutcome> {
  const { plan, options, sinks } = request;
  const started = performance.now();
  const store = request.store ?? memoryStore;
  const bus = new EventBus(sinks, request.onSinkError);
  // What a host waits for may be a timer that holds nobody, or no more than an answer: the run is to be held all the same.
  const held = setInterval(() => undefined, LONG_MS);
  const { signal, dispose } = runSignal(request.signal, options.deadlineMs);
  const { pool, transport } = request;
  const usual = { pool, transport, acquire: pool.acquire.bind(pool) } satisfies Reach;
  const reachOf = request.reachOf ?? (() => usual);
  const byHost = await pMap(
    plan,
    (host) => runHost(host, { ...request, ...reachOf(host.target), bus, store, signal }),
    { concurrency: options.fanout },
  ).finally(() => {
    clearInterval(held);
    dispose();
  });
  const results = byHost.flat();
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const host of byHost) counts[hostStatus(host)] += 1;
  const durationMs = Math.round(performance.now() - started);
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
