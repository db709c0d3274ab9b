import { shortage } from '../core/shortage.js';
import type { Target } from '../core/target.js';
import type { Lease } from '../master/pool.js';
import { pauseBeforeRetry } from '../master/retry-pause.js';
import { nowMs } from '../ssh/now.js';
import type { Connection } from '../transport/transport.js';
import type { EventBus } from './event-bus.js';
import { type Reach, type Reached, reachHost } from './reach.js';

export interface HostConnectionOptions extends Reach {
  readonly target: Target;
  readonly bus: EventBus;
  readonly signal: AbortSignal;
}

/** One host's share of a master and the connection over it; made anew where that is safe: no command was sent. */
export class HostConnection {
  private lease: Lease | null = null;
  private open: Connection | null = null;
  /** Of leases that were given up. */
  private logins = 0;
  private losses = 0;
  private refused = false;
  /** When the time to connect is over. Null: it does not run. */
  private end: number | null = null;

  constructor(private readonly options: HostConnectionOptions) {}

  /** Logins tried so far. */
  get attempts(): number {
    return this.logins + (this.lease?.attempts ?? 0);
  }

  get current(): Reached | null {
    return this.lease === null || this.open === null ? null : { lease: this.lease, connection: this.open };
  }

  /** @throws ConnectFailure, PsshError, or the signal's reason */
  async connect(): Promise<Reached> {
    for (;;) {
      try {
        return await this.obtain();
      } catch (error) {
        const failed = this.lease !== null && shortage(error) === null && !this.options.signal.aborted;
        if (!failed || !(await this.isLost()) || !(await this.comeBack())) throw error;
      }
    }
  }

  /** A command was sent: what fails from now on is not tried again. */
  settle(): void {
    this.losses = 0;
    this.end = null;
  }

  /**
   * After a command that could not be sent: the connection was lost before, or sessions of an earlier run hold the
   * place, and a login of our own has room.
   * @returns whether another one stands, to try it on
   */
  async renew(): Promise<boolean> {
    const { target, signal, bus } = this.options;
    const { current } = this;
    // Without a master each command tries its logins by itself.
    if (current === null || current.connection.kind === 'plain' || signal.aborted) return false;
    if (await this.isLost()) {
      if (!(await this.comeBack())) return false;
    } else {
      if (this.refused) return false;
      this.refused = true;
      if (current.lease.master.users) {
        const message = "your own master gives no session; logging in for one of pssh-ts's";
        await bus.emit({ type: 'note', time: Date.now(), target, message });
      }
      await this.giveUp();
    }
    await this.connect();
    return true;
  }

  /** The master is not to be used again. */
  retire(): void {
    this.lease?.retire();
  }

  async close(): Promise<void> {
    const { lease, open } = this;
    this.lease = null;
    this.open = null;
    await open?.close();
    if (open?.poisoned === true) lease?.retire();
    await lease?.release();
  }

  private async obtain(): Promise<Reached> {
    const { target, pool, bus, signal } = this.options;
    const onAttempt = (attempt: number): void => {
      void bus.emit({ type: 'connecting', time: Date.now(), target, attempt: this.logins + attempt });
    };
    this.end ??= nowMs() + pool.connection.connectTimeoutMs;
    const onLease = (lease: Lease): void => {
      this.lease = lease;
    };
    const { leftMs } = this;
    const reached = await reachHost(target, this.options, { signal, onAttempt, onLease, leftMs });
    this.open = reached.connection;
    return reached;
  }

  private get leftMs(): number {
    return this.end === null ? 0 : Math.max(0, this.end - nowMs());
  }

  /** The master has gone, and the connection with it. */
  private async isLost(): Promise<boolean> {
    const { lease } = this;
    if (lease === null) return false;
    return this.options.pool.ask(lease.master).then(
      () => false,
      (error: unknown) => shortage(error) === null,
    );
  }

  /** Lets go of what was lost and waits a little. False: it was lost too often, or too late. */
  private async comeBack(): Promise<boolean> {
    const { pool, signal } = this.options;
    this.end ??= nowMs() + pool.connection.connectTimeoutMs;
    this.losses += 1;
    const tries = Math.max(this.losses, this.attempts);
    if (tries > pool.connection.connectRetries || this.leftMs === 0) return false;
    await this.giveUp();
    await pauseBeforeRetry(this.losses, signal);
    return true;
  }

  /** Lets go of the master for good; the next one is had by connecting. */
  async giveUp(): Promise<void> {
    this.logins = this.attempts;
    this.retire();
    await this.close();
  }
}
