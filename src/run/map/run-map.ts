import { setMaxListeners } from 'node:events';
import type { Sink } from '../../core/events.js';
import { worseCode } from '../../core/exit-code.js';
import { Template } from '../../core/map/replacement.js';
import type { MapEvent, MapSummary, Task, TaskResult } from '../../core/map/task.js';
import { type BlockStore, NO_OUTPUT } from '../../core/output.js';
import { STATUSES, type Status } from '../../core/result.js';
import type { Target } from '../../core/target.js';
import type { MasterPool } from '../../master/pool.js';
import { nowMs } from '../../ssh/now.js';
import type { Transport } from '../../transport/transport.js';
import { EventBus } from '../event-bus.js';
import { endedBy, runSignal } from '../run-signal.js';
import { Delivery } from './delivery.js';
import { type MapContext, MapHost } from './map-host.js';
import type { MapOptions } from './options.js';
import { TaskQueue, type Work } from './task-queue.js';
import { turnstile } from './turnstile.js';

const LONG_MS = 3_600_000;

export interface MapRequest {
  readonly targets: readonly Target[];
  /** The command as it was written. */
  readonly command: string;
  /** Values of each task. */
  readonly values: number;
  readonly batches: AsyncIterator<readonly Task[]>;
  /** The input ends by itself: what is left of it can be told of when no host is left. */
  readonly ends: boolean;
  readonly pool: MasterPool;
  readonly transport: Transport;
  readonly options: MapOptions;
  /** Told of results as they come. */
  readonly records: readonly Sink<MapEvent>[];
  /** Told of results in their order, where that is wanted. */
  readonly views: readonly Sink<MapEvent>[];
  readonly store: BlockStore;
  readonly signal: AbortSignal;
  /** Tasks that an earlier run has done, so far. */
  readonly known: () => number;
  /** The exit code that the summary tells. */
  readonly exitCodeOf: (code: number) => number;
  readonly onSinkError: (error: unknown) => void;
  /** The input can't be read any further; what was read is done. */
  readonly onInputFault: (error: unknown) => void;
}

/** Runs every task once to its end on whichever host is free. @throws PsshError ERR_USAGE for a bad template */
export async function runMap(request: MapRequest): Promise<MapSummary> {
  const { options, onSinkError } = request;
  const started = nowMs();
  const tally = new Tally();
  const records = new EventBus(request.records, onSinkError);
  const views = new EventBus(request.views, onSinkError);
  const bus = new EventBus<MapEvent>([...request.records, ...request.views], onSinkError);
  const command = Template.command(request.command, request.values);
  const plan = filesPlan(request);
  // What a host waits for may be a timer that holds nobody.
  const held = setInterval(() => undefined, LONG_MS);
  const { signal, dispose } = runSignal(request.signal, options.deadlineMs);
  const over = new AbortController();
  const connecting = AbortSignal.any([signal, over.signal]);
  setMaxListeners(0, connecting);
  const hosts: MapHost[] = [];
  const queue = new TaskQueue({
    batches: request.batches,
    mostBegun: () => delivery.mostBegun,
    onStalled: () => {
      for (const host of hosts) void host.flush();
    },
    onOver: () => over.abort(),
    onFault: request.onInputFault,
  });
  const delivery: Delivery = new Delivery({
    ...{ records, views, inOrder: options.keepOrder },
    onResult: (result) => tally.add(result),
    onShown: () => queue.serve(),
  });
  const stop = (): void => queue.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const context: MapContext = {
      ...{ pool: request.pool, transport: request.transport, store: request.store },
      ...{ options, command, queue, delivery, bus, signal },
      connecting,
      hosts: request.targets.length,
      gate: turnstile(options.fanout),
    };
    for (const target of request.targets) {
      const host = new MapHost(target, context, plan);
      hosts.push(host);
      queue.enter(host);
    }
    await Promise.all(hosts.map((host) => host.run()));
    for (const result of await leftOver(queue, request, command, signal)) await delivery.deliver(result);
    await skipRest(queue, delivery, request, command, signal);
    await delivery.end();
  } finally {
    signal.removeEventListener('abort', stop);
    clearInterval(held);
    dispose();
  }
  const summary = tally.summary(request, queue, hosts, signal, Math.round(nowMs() - started));
  await bus.emit({ type: 'summary', time: Date.now(), summary });
  await records.end();
  await views.end();
  return summary;
}

function filesPlan({ options, values }: MapRequest) {
  const { workdir, puts, gets, to } = options;
  if (workdir === null && puts.length === 0 && gets.length === 0) return null;
  const template = (text: string): Template => Template.path(text, values);
  return { workdir, puts: puts.map(template), gets: gets.map(template), to };
}

/** What waited for another try when there was none any more. */
async function leftOver(
  queue: TaskQueue,
  request: MapRequest,
  command: Template,
  signal: AbortSignal,
): Promise<readonly TaskResult[]> {
  return queue.takeWaiting().map((work) => work.last ?? unrun(work, request, command, signal));
}

/** No host is left: the tasks that were never begun are told of as skipped. */
async function skipRest(
  queue: TaskQueue,
  delivery: Delivery,
  request: MapRequest,
  command: Template,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || queue.isRead) return;
  for await (const work of queue.rest(request.ends)) {
    if (signal.aborted) return;
    await delivery.deliver(unrun(work, request, command, signal));
  }
}

function unrun(work: Work, request: MapRequest, command: Template, signal: AbortSignal): TaskResult {
  const { task, order, tries } = work;
  const late = signal.aborted && endedBy(signal) === 'deadline';
  return {
    ...{ task, order, tries, target: null, slot: 0 },
    command: shownCommand(task, command) ?? request.command,
    ...{ status: 'skipped', skippedBy: late ? 'deadline' : 'failure' },
    ...{ exitCode: null, signal: null, killed: null, error: null },
    ...{ stdout: NO_OUTPUT, stderr: NO_OUTPUT, truncated: false },
    ...{ startedAt: null, durationMs: 0, sent: 0, received: 0 },
  };
}

/** The command of a task on a host that is not known; null: it can't be sent. */
export function shownCommand({ seq, values }: Task, command: Template): string | null {
  try {
    return command.command({ seq, values, slot: 1, host: '{host}' }).replaceAll("'{host}'", '{host}');
  } catch {
    return null;
  }
}

/** The results so far, counted. */
class Tally {
  private readonly counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<
    Status,
    number
  >;
  private total = 0;
  private code = 0;

  add(result: TaskResult): void {
    this.total += 1;
    this.counts[result.status] += 1;
    this.code = worseCode(this.code, result);
  }

  summary(
    request: MapRequest,
    queue: TaskQueue,
    hosts: readonly MapHost[],
    signal: AbortSignal,
    durationMs: number,
  ): MapSummary {
    const unread = !queue.isRead;
    let { code } = this;
    // Nobody was there to run them: why that was so is what failed.
    if (this.counts.skipped > 0 || (unread && queue.isDeserted))
      for (const { out } of hosts)
        if (out !== null) code = worseCode(code, { status: out.status, error: out.error });
    if (unread && signal.aborted && endedBy(signal) === 'deadline')
      code = worseCode(code, { status: 'skipped', error: null, skippedBy: 'deadline' });
    return {
      ...{ total: this.total, counts: { ...this.counts }, known: request.known(), unread },
      ...{ hosts: hosts.map(({ share }) => share), durationMs },
      exitCode: request.exitCodeOf(code),
    };
  }
}
