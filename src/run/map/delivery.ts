import type { MapEvent, TaskResult } from '../../core/map/task.js';
import type { EventBus } from '../event-bus.js';
import { discardOutput } from './task-outputs.js';

// So many results may wait for one that comes before them.
const MOST_AHEAD = 20_000;

export interface DeliveryOptions {
  /** What counts as it comes: logs, progress. */
  readonly records: EventBus<MapEvent>;
  /** What is shown, in order where that is wanted. */
  readonly views: EventBus<MapEvent>;
  readonly inOrder: boolean;
  /** Told of each result, once. */
  readonly onResult: (result: TaskResult) => void;
  /** A result was shown. */
  readonly onShown: () => void;
}

/** Hands each result to whoever wants to know of it. */
export class Delivery {
  private next = 0;
  private readonly early = new Map<number, TaskResult>();
  private showing: Promise<void> | null = null;
  private shown = true;

  constructor(private readonly options: DeliveryOptions) {}

  /** How many tasks may have been begun. */
  get mostBegun(): number {
    return this.options.inOrder ? this.next + MOST_AHEAD : Number.POSITIVE_INFINITY;
  }

  deliver(result: TaskResult): void | Promise<void> {
    const { records, inOrder, onResult } = this.options;
    onResult(result);
    const wait = records.emit({ type: 'finished', time: Date.now(), result });
    if (!inOrder) return both(wait, this.show(result));
    this.early.set(result.order, result);
    if (this.showing !== null || result.order !== this.next) return wait;
    const showing = this.showEarly();
    // Where nothing had to be waited for it is done by now.
    this.showing = this.shown ? null : showing;
    return both(wait, showing);
  }

  /** When all that was delivered is shown. What waits for a result that never comes is shown in its order. */
  async end(): Promise<void> {
    while (this.showing !== null) await this.showing;
    for (const order of [...this.early.keys()].sort((a, b) => a - b)) {
      const result = this.early.get(order);
      this.early.delete(order);
      if (result !== undefined) await this.show(result);
    }
  }

  private async showEarly(): Promise<void> {
    this.shown = false;
    for (let result = this.early.get(this.next); result !== undefined; result = this.early.get(this.next)) {
      this.early.delete(this.next);
      this.next += 1;
      const wait = this.show(result);
      if (wait !== undefined) await wait;
    }
    // In one go with the last look: what comes a moment later begins anew.
    this.shown = true;
    this.showing = null;
    this.options.onShown();
  }

  private show(result: TaskResult): void | Promise<void> {
    const wait = this.options.views.emit({ type: 'finished', time: Date.now(), result });
    if (wait === undefined) {
      discardOutput(result);
      return undefined;
    }
    return wait.then(() => discardOutput(result));
  }
}

function both(one: void | Promise<void>, other: void | Promise<void>): void | Promise<void> {
  if (one === undefined) return other;
  return other === undefined ? one : Promise.all([one, other]).then(() => undefined);
}
