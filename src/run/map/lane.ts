import type { Sink } from '../../core/events.js';
import { targetName } from '../../core/target.js';
import { EventBus } from '../event-bus.js';
import { HostConnection } from '../host-connection.js';
import { SharedGuard } from '../leash/shared-guard.js';
import { silenceOf } from '../reach.js';
import type { MapHost } from './map-host.js';
import { runTask, type TaskContext, type Tried } from './run-task.js';
import { TaskFiles } from './task-files.js';
import type { Work } from './task-queue.js';

// Of MaxSessions 10, sshd's default, the transport takes eight: these, and one for the leash.
export const LANE_SLOTS = 7;
// A connection that is lost as soon as it stands is no use.
const MOST_LOSSES = 2;

/** What stands between us and the host, from one login to its end. */
interface Standing {
  readonly link: HostConnection;
  readonly guard: SharedGuard;
  readonly files: TaskFiles | null;
}

/** One connection of a host, and the slots that work over it. */
export class Lane {
  private standing: Standing | null = null;
  /** What the tasks of each slot need, of the connection that stands. */
  private readonly contexts = new Map<number, TaskContext>();
  private lost = false;
  private losses = 0;
  private loops = 0;
  private running = 0;
  private renewing: Promise<boolean> | null = null;
  private whenIdle: (() => void) | null = null;

  constructor(
    private readonly host: MapHost,
    /** From 0; each has a master of its own. */
    readonly number: number,
  ) {}

  /** The mark of its connection; null: there is none. */
  get mark(): string | null {
    return this.standing?.guard.mark ?? null;
  }

  /** @throws ConnectFailure, PsshError, or the signal's reason */
  async connect(): Promise<void> {
    const { context, target } = this.host;
    const { options } = context;
    const told: Sink = {
      event: (event) =>
        event.type === 'connecting' || event.type === 'note' ? context.bus.emit(event) : undefined,
    };
    const link = new HostConnection({
      target,
      pool: context.pool,
      transport: context.transport,
      acquire: (asked, until, onAttempt, prove, leftMs) =>
        context.pool.acquire(asked, until, onAttempt, prove, leftMs, this.number),
      bus: new EventBus([told], () => undefined),
      signal: context.connecting,
    });
    try {
      const { lease, connection } = await link.connect();
      const guard = new SharedGuard({
        connection,
        graceMs: options.killGraceMs,
        silenceMs: silenceOf(lease.master),
        armed: options.onDisconnect === 'kill',
      });
      const { plan } = this.host;
      const mark = plan?.workdir === 'host' ? (this.host.mark ?? guard.mark) : guard.mark;
      const files =
        plan === null ? null : new TaskFiles(plan, { target, connection, master: lease.master, mark });
      this.standing = { link, guard, files };
      this.lost = false;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  get reached() {
    return this.standing?.link.current ?? null;
  }

  /** Works until there is nothing more to do for these slots. */
  async work(slots: readonly number[]): Promise<void> {
    this.loops = slots.length;
    await Promise.all(slots.map((slot) => this.loop(slot)));
  }

  /** @param last no other lane of the host works on: what is shared goes too */
  async close(last: boolean): Promise<void> {
    const { standing } = this;
    this.standing = null;
    this.contexts.clear();
    if (standing === null) return;
    const { link, guard, files } = standing;
    if (!this.lost && (last || this.host.plan?.workdir === 'task')) await files?.close();
    await guard.release();
    if (this.lost) link.retire();
    await link.close();
  }

  private async loop(slot: number): Promise<void> {
    const { queue } = this.host.context;
    for (;;) {
      if (this.loops > this.room || !(await this.isUp())) break;
      const work = await queue.take(this.host);
      if (work === null) break;
      if (!(await this.isUp())) {
        queue.putBack(work);
        break;
      }
      this.running += 1;
      const tried = await this.try(work, slot);
      this.running -= 1;
      this.note(tried);
      if (this.running === 0) this.whenIdle?.();
      const wait = this.host.settle(work, tried);
      if (wait !== undefined) await wait;
    }
    this.loops -= 1;
  }

  private try(work: Work, slot: number): Promise<Tried> {
    const known = this.contexts.get(slot);
    if (known !== undefined) return runTask(work, known);
    const { context, target, env, plan } = this.host;
    const { standing } = this;
    const current = standing?.link.current ?? null;
    if (standing === null || current === null) throw new TypeError('no connection stands');
    const { connection, lease } = current;
    const made: TaskContext = {
      ...{ target, slot, connection, master: lease.master, guard: standing.guard, env },
      silenceMs: silenceOf(lease.master),
      options: context.options,
      ...{ bus: context.bus, store: context.store, signal: context.signal },
      commandOf: ({ task: { seq, values } }, place) =>
        context.command.command({ seq, values, slot: place, host: targetName(target) }),
      files: plan === null ? null : standing.files,
    };
    this.contexts.set(slot, made);
    return runTask(work, made);
  }

  /** Sessions that tasks may have; one is left for the leash where there is more than one. */
  private get room(): number {
    const most = this.reached?.connection.mostSessions ?? Number.POSITIVE_INFINITY;
    return Math.max(1, most - 1);
  }

  private note({ result, unsent }: Tried): void {
    if (unsent || result.status === 'disconnected') this.lost = true;
    else if (result.status !== 'canceled' && result.status !== 'timed-out') this.losses = 0;
    if (result.killed === 'unknown') this.standing?.link.retire();
  }

  private isUp(): boolean | Promise<boolean> {
    const stands = this.stands();
    // It may be lost again by the time it is looked at.
    return stands === true ? true : stands.then((up) => up && this.isUp());
  }

  /** Whether a connection stands; one that was lost is made anew once the tasks that ran over it have ended. */
  private stands(): true | Promise<boolean> {
    if (!this.lost && this.renewing === null) return true;
    this.renewing ??= this.renew().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async renew(): Promise<boolean> {
    if (this.running > 0)
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
      });
    this.whenIdle = null;
    const { signal, queue } = this.host.context;
    this.losses += 1;
    await this.close(false);
    if (signal.aborted || queue.isOver) return false;
    if (this.losses > MOST_LOSSES) {
      this.host.lose(this, null);
      return false;
    }
    try {
      await this.connect();
      return true;
    } catch (error) {
      this.host.lose(this, error);
      return false;
    }
  }
}
