import { PsshError } from '../../core/errors.js';
import type { Template } from '../../core/map/replacement.js';
import type { HostOut, HostShare, MapEvent, TaskResult } from '../../core/map/task.js';
import type { BlockStore } from '../../core/output.js';
import { type Target, targetName } from '../../core/target.js';
import { ConnectFailure } from '../../master/login.js';
import type { MasterPool } from '../../master/pool.js';
import type { Transport } from '../../transport/transport.js';
import type { EventBus } from '../event-bus.js';
import { asPsshError } from '../run-step.js';
import { coresOf } from './cores.js';
import type { Delivery } from './delivery.js';
import { LANE_SLOTS, Lane } from './lane.js';
import type { MapOptions } from './options.js';
import type { Tried } from './run-task.js';
import type { FilesPlan } from './task-files.js';
import { discardOutput } from './task-outputs.js';
import type { TaskQueue, Work } from './task-queue.js';

// A task whose host was lost each time may be what kills the hosts.
const MOST_LOSSES = 3;

export interface MapContext {
  readonly pool: MasterPool;
  readonly transport: Transport;
  readonly options: MapOptions;
  readonly command: Template;
  readonly queue: TaskQueue;
  readonly delivery: Delivery;
  readonly bus: EventBus<MapEvent>;
  readonly store: BlockStore;
  readonly signal: AbortSignal;
  /** Ends what still connects when there is no work left; and as `signal` does. */
  readonly connecting: AbortSignal;
  /** How many hosts there are. */
  readonly hosts: number;
  /** Lets so many log in at once. */
  readonly gate: <T>(work: () => Promise<T>) => Promise<T>;
}

/** One host at work: its connections, what failed on it, and whether it is out. */
export class MapHost {
  readonly env: Readonly<Record<string, string>>;
  private readonly lanes: Lane[] = [];
  private readonly lostLanes = new Set<Lane>();
  private tasks = 0;
  private inRow = 0;
  /** Failures that go to other hosts, should this one be taken out. */
  private held: { readonly work: Work; readonly result: TaskResult }[] = [];
  private left: HostOut | null = null;

  constructor(
    readonly target: Target,
    readonly context: MapContext,
    /** What is to be moved; null: nothing, and the tasks run in the home. */
    readonly plan: FilesPlan | null,
  ) {
    this.env = {
      PSSH_HOST: targetName(target),
      PSSH_NODENUM: String(target.index),
      PSSH_NUMNODES: String(context.hosts),
      ...context.options.env,
    };
  }

  get share(): HostShare {
    return { target: this.target, tasks: this.tasks, out: this.left };
  }

  get out(): HostOut | null {
    return this.left;
  }

  /** By what the folder that its tasks share is named. */
  get mark(): string | null {
    return this.lanes[0]?.mark ?? null;
  }

  /** Connects and works until there is nothing more to do, or it is out. Never throws. */
  async run(): Promise<void> {
    const { queue, gate, signal } = this.context;
    const first = new Lane(this, 0);
    this.lanes.push(first);
    try {
      await gate(() => (queue.isOver || signal.aborted ? Promise.resolve() : first.connect()));
      if (first.reached === null) return;
      await this.workOn(first);
    } catch (error) {
      if (!signal.aborted && !queue.isOver) this.leave(outOf(error, this.target));
    } finally {
      queue.leave(this);
      for (const lane of this.lanes.slice(1)) await lane.close(false);
      await first.close(true);
      await this.flush();
    }
  }

  /** Passes on what a try came to. */
  settle(work: Work, { result, unsent, hopeless }: Tried): void | Promise<void> {
    const { queue, options, bus, signal } = this.context;
    const ends = signal.aborted;
    if (unsent) {
      work.tries -= 1;
      if (ends) return this.finish(work, result);
      queue.putBack(work);
      return undefined;
    }
    if (result.status === 'ok' || result.status === 'canceled' || ends || hopeless) {
      if (result.status === 'ok') {
        this.inRow = 0;
        if (this.held.length > 0) void this.flush();
      }
      return this.finish(work, result);
    }
    work.avoid = (work.avoid ?? new Set()).add(this);
    if (result.status === 'disconnected') {
      work.losses += 1;
      if (work.losses > MOST_LOSSES) return this.finish(work, result);
    } else {
      work.failures += 1;
      this.inRow += 1;
      if (work.failures > options.retries) {
        if (options.maxHostFailures === null) return this.finish(work, result);
        this.held.push({ work, result });
        // Before it counts as done, which may be the end of all work.
        this.takeOutIfFailing();
        queue.done();
        return undefined;
      }
    }
    remember(work, result);
    queue.putBack(work);
    this.takeOutIfFailing();
    return bus.emit({ type: 'again', time: Date.now(), result });
  }

  /** One of its connections can't be had any more. @param error null: it is lost each time */
  lose(lane: Lane, error: unknown): void {
    this.lostLanes.add(lane);
    if (this.lostLanes.size < this.lanes.length) return;
    const lost = new PsshError('ERR_DISCONNECTED', 'the connection is lost again and again', {
      target: this.target.label,
    });
    this.leave(outOf(error ?? lost, this.target));
  }

  /** Tells the failures that were held back: the host goes on, or the tasks are over. */
  async flush(): Promise<void> {
    for (const { work, result } of this.held.splice(0)) await this.deliver(work, result);
  }

  private finish(work: Work, result: TaskResult): void | Promise<void> {
    const wait = this.deliver(work, result);
    this.context.queue.done();
    return wait;
  }

  private deliver(work: Work, result: TaskResult): void | Promise<void> {
    this.tasks += 1;
    remember(work, null);
    return this.context.delivery.deliver(result);
  }

  private takeOutIfFailing(): void {
    const { maxHostFailures } = this.context.options;
    if (maxHostFailures === null || this.inRow < maxHostFailures || this.left !== null) return;
    const tasks = this.inRow === 1 ? 'a task' : `${this.inRow} tasks in a row`;
    for (const { work, result } of this.held.splice(0)) {
      remember(work, result);
      this.context.queue.reopen(work);
    }
    this.leave({ status: 'failed', message: `${tasks} failed there`, error: null });
  }

  private leave(out: HostOut): void {
    if (this.left !== null) return;
    this.left = out;
    this.context.queue.leave(this);
    void this.context.bus.emit({ type: 'out', time: Date.now(), target: this.target, out });
  }

  private async workOn(first: Lane): Promise<void> {
    const { options, bus, signal } = this.context;
    const reached = first.reached;
    if (reached === null) return;
    const { lease, connection } = reached;
    const slots = options.slots === 'auto' ? await coresOf(connection, signal) : options.slots;
    const { kind, reason } = connection;
    const transport = { kind, ...(reason === undefined ? {} : { reason }) };
    await bus.emit({
      ...({ type: 'connected', time: Date.now(), target: this.target } as const),
      ...{ reused: lease.reused, transport, slots },
    });
    const working = [first.work(numbers(1, Math.min(slots, LANE_SLOTS)))];
    for (let from = LANE_SLOTS + 1; from <= slots; from += LANE_SLOTS) {
      const lane = new Lane(this, this.lanes.length);
      this.lanes.push(lane);
      working.push(this.workBeside(lane, numbers(from, Math.min(slots, from + LANE_SLOTS - 1))));
    }
    await Promise.all(working);
  }

  /** A further connection, for more slots than one has sessions. The host does without it where it can't be had. */
  private async workBeside(lane: Lane, slots: readonly number[]): Promise<void> {
    const { gate, queue, signal, bus } = this.context;
    try {
      await gate(() => (queue.isOver || signal.aborted ? Promise.resolve() : lane.connect()));
    } catch (error) {
      if (signal.aborted || queue.isOver) return;
      const { message } = asPsshError(error, this.target);
      const text = `no further connection for slots ${slots[0]} to ${slots.at(-1)}: ${message}`;
      await bus.emit({ type: 'note', time: Date.now(), target: this.target, message: text });
      this.lose(lane, error);
      return;
    }
    if (lane.reached !== null) await lane.work(slots);
  }
}

/** Keeps what the last try came to; what the one before said is not needed any more. */
function remember(work: Work, result: TaskResult | null): void {
  if (work.last !== null) discardOutput(work.last);
  work.last = result;
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, place) => from + place);

function outOf(error: unknown, target: Target): HostOut {
  const { code, message } = asPsshError(error, target);
  const status =
    error instanceof ConnectFailure
      ? error.status
      : code === 'ERR_DISCONNECTED'
        ? 'disconnected'
        : 'unreachable';
  return { status, message, error: { code, message } };
}
