import type { Task, TaskResult } from '../../core/map/task.js';

/** A task that was begun, until it has its result. */
export interface Work {
  readonly task: Task;
  readonly order: number;
  /** How often it was begun. */
  tries: number;
  /** How often it failed. */
  failures: number;
  /** How often its host was lost. */
  losses: number;
  /** The hosts that it is not to be tried on again as long as there are others. */
  avoid: Set<object> | null;
  /** What its last try came to. */
  last: TaskResult | null;
}

interface Waiter {
  readonly host: object;
  readonly resolve: (work: Work | null) => void;
}

// Beyond so many that wait for another host a host takes them whether it is another or not.
const MOST_WAITING = 2_000;

export interface TaskQueueOptions {
  readonly batches: AsyncIterator<readonly Task[]>;
  /** How many tasks may have been begun by now; more would have to be held. */
  readonly mostBegun: () => number;
  /** Nothing runs, and nothing may be begun: what is held has to be let go. */
  readonly onStalled: () => void;
  /** There is no work left, for nobody. */
  readonly onOver: () => void;
  /** The input can't be read any further. */
  readonly onFault: (error: unknown) => void;
}

/** Which task goes to whom: whoever is free takes the next, and what failed elsewhere before that. */
export class TaskQueue {
  private fresh: readonly Task[] = [];
  private place = 0;
  private begun = 0;
  private running = 0;
  private pulling: Promise<void> | null = null;
  private ended = false;
  private stopped = false;
  private readonly again: Work[] = [];
  private readonly waiters: Waiter[] = [];
  /** Those that work, or may come to. */
  private readonly hosts = new Set<object>();

  constructor(private readonly options: TaskQueueOptions) {}

  /** A host that may come to work. */
  enter(host: object): void {
    this.hosts.add(host);
  }

  /** It takes no more tasks. */
  leave(host: object): void {
    this.hosts.delete(host);
    for (const waiter of this.waiters.filter((one) => one.host === host)) this.answer(waiter, null);
    this.serve();
  }

  get isDeserted(): boolean {
    return this.hosts.size === 0;
  }

  /** Whether there may be work for a host that is not connected yet. */
  get isOver(): boolean {
    return this.stopped || (this.ended && !this.hasFresh && this.again.length === 0 && this.running === 0);
  }

  /** All of the input was read. */
  get isRead(): boolean {
    return this.ended && !this.hasFresh;
  }

  /** The next task for a host; null: there is none any more. */
  take(host: object): Promise<Work | null> {
    if (this.stopped || !this.hosts.has(host)) return Promise.resolve(null);
    if (this.waiters.length === 0) {
      const work = this.pick(host);
      if (work !== null) return Promise.resolve(work);
    }
    return new Promise((resolve) => {
      this.waiters.push({ host, resolve });
      this.serve();
    });
  }

  /** It has its result. */
  done(): void {
    this.running -= 1;
    if (this.waiters.length > 0 || this.isOver) this.serve();
  }

  /** It is to be tried again. */
  putBack(work: Work): void {
    this.again.push(work);
    this.done();
  }

  /** As {@link putBack}, for one that was done already. */
  reopen(work: Work): void {
    this.running += 1;
    this.putBack(work);
  }

  /** More may be begun. */
  serve(): void {
    for (const waiter of [...this.waiters]) {
      const work = this.pick(waiter.host);
      if (work !== null) this.answer(waiter, work);
    }
    if (this.isOver) {
      for (const waiter of [...this.waiters]) this.answer(waiter, null);
      this.options.onOver();
      return;
    }
    if (this.waiters.length === 0) return;
    if (!this.hasFresh && !this.ended) void this.pull();
    else if (this.hasFresh && this.running === 0 && this.again.length === 0) this.options.onStalled();
  }

  /** No more is begun. */
  stop(): void {
    this.stopped = true;
    for (const waiter of [...this.waiters]) this.answer(waiter, null);
  }

  /** What waited for another try. */
  takeWaiting(): readonly Work[] {
    return this.again.splice(0);
  }

  /** What was never begun. @param reads also what has not been read yet */
  async *rest(reads: boolean): AsyncGenerator<Work> {
    for (;;) {
      while (this.hasFresh) yield this.begin();
      if (this.ended || !reads) return;
      await this.pull();
    }
  }

  private get hasFresh(): boolean {
    return this.place < this.fresh.length;
  }

  private pick(host: object): Work | null {
    const waiting = this.again.findIndex((work) => this.fits(work, host));
    if (waiting !== -1) {
      const [work] = this.again.splice(waiting, 1);
      this.running += 1;
      return work ?? null;
    }
    if (!this.hasFresh || this.begun >= this.options.mostBegun()) return null;
    this.running += 1;
    return this.begin();
  }

  private begin(): Work {
    const task = this.fresh[this.place] as Task;
    this.place += 1;
    const order = this.begun;
    this.begun += 1;
    return { task, order, tries: 0, failures: 0, losses: 0, avoid: null, last: null };
  }

  private fits({ avoid }: Work, host: object): boolean {
    if (avoid === null || !avoid.has(host) || this.again.length > MOST_WAITING) return true;
    for (const other of this.hosts) if (!avoid.has(other)) return false;
    return true;
  }

  private pull(): Promise<void> {
    this.pulling ??= this.read().finally(() => {
      this.pulling = null;
      this.serve();
    });
    return this.pulling;
  }

  private async read(): Promise<void> {
    try {
      const { done, value } = await this.options.batches.next();
      this.ended = done === true;
      this.fresh = done === true ? [] : value;
    } catch (error) {
      this.ended = true;
      this.fresh = [];
      this.options.onFault(error);
    }
    this.place = 0;
  }

  private answer(waiter: Waiter, work: Work | null): void {
    this.waiters.splice(this.waiters.indexOf(waiter), 1);
    waiter.resolve(work);
  }
}
