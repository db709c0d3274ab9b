import { setMaxListeners } from 'node:events';
import { PsshError, usageError } from '../core/errors.js';
import type { Target } from '../core/target.js';
import { holdMaster } from '../master/hold.js';
import type { Lease, Master } from '../master/pool.js';
import { type Reach, reachHost } from '../run/reach.js';
import { asPsshError } from '../run/run-step.js';
import { nowMs } from '../ssh/now.js';
import { linkSignals } from './link-signals.js';
import type { Session } from './session.js';

const LONG_MS = 60_000;
// A master that was stopped meanwhile shows only when it is asked.
const ASK_AFTER_MS = 1_000;
const nothing = async (): Promise<void> => undefined;

interface Held {
  readonly lease: Lease;
  readonly letGo: () => Promise<void>;
}

/** One machine's master, kept between its commands, and what is known of it. */
export class Host {
  private held: Held | null = null;
  private readonly closing = new AbortController();
  private hold: NodeJS.Timeout | undefined;
  private usedAt = 0;
  private readonly active = new Set<Promise<unknown>>();
  /** Why it is dead; null: it was never tried, or it was closed. */
  fault: PsshError | null = null;

  constructor(
    readonly target: Target,
    readonly session: Session,
    /** The machine has a session of its own, which ends with it. */
    private readonly alone: boolean,
  ) {
    setMaxListeners(0, this.closing.signal);
  }

  /** What stands behind `ssh`. */
  get host(): string {
    return this.target.host;
  }

  /** Aborted when it, or its session, is closed. */
  get signals(): readonly AbortSignal[] {
    return [this.closing.signal, this.session.signal];
  }

  get closed(): boolean {
    return this.signals.some(({ aborted }) => aborted);
  }

  /** As far as is known: the master has not ended. */
  get alive(): boolean {
    return this.held !== null;
  }

  get address(): string | null {
    return this.held?.lease.master.address ?? null;
  }

  /** @throws PsshError ERR_USAGE */
  assertOpen(): void {
    if (this.closed) throw usageError(`the machine ${this.target.label} is closed; make another`);
  }

  /** Work that close() has to wait for. */
  track<T>(work: Promise<T>): Promise<T> {
    // What is waited for may be a timer that holds nobody, or no more than an answer.
    this.hold ??= setInterval(() => undefined, LONG_MS);
    const settled = work
      .catch(() => undefined)
      .finally(() => {
        this.active.delete(settled);
        if (this.active.size > 0) return;
        clearInterval(this.hold);
        this.hold = undefined;
      });
    this.active.add(settled);
    return work;
  }

  /** How a run reaches it: over the master that it keeps, or a new one where that has ended. */
  async reach(): Promise<Reach> {
    const pool = await this.session.pool();
    const { transport } = this.session;
    return {
      pool,
      transport,
      acquire: (target, signal, onAttempt, prove) =>
        this.acquire(target, signal, onAttempt, prove ?? ((master) => pool.ask(master))),
    };
  }

  /** @throws PsshError; the signal's reason */
  async connect(signal: AbortSignal | undefined): Promise<void> {
    this.assertOpen();
    await this.track(this.connectWithin(signal));
  }

  /** Connects where it is not connected; why it can't be is its fault. */
  async reconnect(signal: AbortSignal | undefined): Promise<void> {
    if (await this.isAlive()) return;
    await this.connect(signal).catch((error: unknown) => {
      if (signal?.aborted !== true) this.fault = asPsshError(error, this.target);
    });
  }

  /** Asks the master; one that does not answer is given up. */
  async isAlive(): Promise<boolean> {
    const { held } = this;
    if (held === null) return false;
    const pool = await this.session.pool();
    if (await pool.isAlive(held.lease.master)) return this.held === held;
    await this.lose(held);
    return false;
  }

  async close(): Promise<void> {
    this.closing.abort(new Error('the machine was closed'));
    if (this.alone) this.session.abort(new Error('the machine was closed'));
    while (this.active.size > 0) await Promise.all(this.active);
    await this.letGo();
    if (this.alone) await this.session.close();
  }

  private async connectWithin(outer: AbortSignal | undefined): Promise<void> {
    const { signal, dispose } = linkSignals([outer, ...this.signals]);
    let lease: Lease | null = null;
    try {
      const onLease = (got: Lease): void => {
        lease = got;
      };
      const onAttempt = (): void => undefined;
      const reached = await reachHost(this.target, await this.reach(), { signal, onAttempt, onLease });
      await reached.connection.close();
    } finally {
      dispose();
      await (lease as Lease | null)?.release();
    }
  }

  private async acquire(
    target: Target,
    signal: AbortSignal,
    onAttempt: (attempt: number) => void,
    prove: (master: Master) => Promise<void>,
    timeoutMs?: number,
  ): Promise<Lease> {
    const pool = await this.session.pool();
    const { held } = this;
    let stood = false;
    if (held !== null) {
      try {
        if (nowMs() - this.usedAt > ASK_AFTER_MS) await pool.ask(held.lease.master);
        await prove(held.lease.master);
        stood = true;
      } catch (error) {
        signal.throwIfAborted();
        await this.lose(held, error);
      }
    }
    try {
      // In one go, so that both are shares of the same master: a run's, and ours, which outlasts it.
      const shares = [pool.acquire(target, signal, onAttempt, stood ? nothing : prove, timeoutMs)];
      if (this.held === null)
        shares.push(
          pool.acquire(
            target,
            signal,
            () => undefined,
            async () => undefined,
          ),
        );
      const [lease, kept] = await Promise.all(shares);
      if (lease === undefined) throw new TypeError('no lease');
      await this.keep(kept);
      // The login that made it was an earlier run's.
      const before = stood ? { reused: true, attempts: 0 } : {};
      const release = (): Promise<void> => {
        this.usedAt = nowMs();
        return lease.release();
      };
      return { ...lease, ...before, retire: () => this.retire(lease), release };
    } catch (error) {
      if (!signal.aborted) this.fault = asPsshError(error, target);
      throw error;
    }
  }

  private async keep(kept: Lease | undefined): Promise<void> {
    this.fault = null;
    if (kept === undefined) return;
    if (this.held !== null || this.closed) {
      await kept.release();
      return;
    }
    const { master } = kept;
    const unhold = holdMaster(master.controlPath, () => void this.lose(held));
    const unkeep = this.session.transport.keep?.(master) ?? null;
    const letGo = async (): Promise<void> => {
      unhold();
      if ((await unkeep?.()) === false) kept.retire();
    };
    const held: Held = { lease: kept, letGo };
    this.held = held;
  }

  /** The master has ended by itself, or does not answer. */
  private async lose(held: Held, cause?: unknown): Promise<void> {
    if (this.held !== held) return;
    const { label } = this.target;
    const lost = { target: label, ...(cause === undefined ? {} : { cause }) };
    this.fault = new PsshError('ERR_DISCONNECTED', 'the connection was lost', lost);
    held.lease.retire();
    await this.letGo();
  }

  /** A run has found that the master is not to be used again. */
  private retire(lease: Lease): void {
    lease.retire();
    if (this.held?.lease.master === lease.master) void this.track(this.letGo());
  }

  private async letGo(): Promise<void> {
    const { held } = this;
    this.held = null;
    await held?.letGo();
    await held?.lease.release();
  }
}
