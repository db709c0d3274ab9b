import { PsshError } from '../../core/errors.js';
import { nowMs } from '../../ssh/now.js';

// The server frees a session one turn of its loop after our CLOSE, and nothing tells us when that was.
const FREED_AFTER_MS = 20;
// For so long a refusal may mean that it was not freed yet.
const DOUBTFUL_MS = 3_000;
const DOUBTFUL_TRIES = 3;
const DOUBTFUL_PAUSE_MS = 200;

interface Waiter {
  readonly owner: object;
  readonly ticket: number;
  readonly go: () => void;
  readonly fail: (error: PsshError) => void;
}

/**
 * The sessions that a master's server grants (MaxSessions), which we must not exceed: a refused OPEN costs the
 * master. A session counts from its OPEN until the server has freed it.
 */
export class Slots {
  private used = 0;
  /** Of these: OPENs without an answer. */
  private pending = 0;
  private doubtfulUntil = 0;
  private pauses = 0;
  private tickets = 0;
  private readonly waiting: Waiter[] = [];

  /** @param onLearned told of a lower cap */
  constructor(
    private cap: number,
    private readonly onLearned: (cap: number) => void = () => undefined,
  ) {}

  get free(): number {
    return this.open && !this.wanted ? this.cap - this.used : 0;
  }

  /** All there are. */
  get most(): number {
    return this.cap;
  }

  /** Somebody waits for one. */
  get wanted(): boolean {
    return this.waiting.length > 0;
  }

  /** A place in the queue; an opener that was refused keeps its own. */
  ticket(): number {
    return this.tickets++;
  }

  /** Gives one, in the order of the tickets. @throws PsshError from `fail`, or ERR_CHANNEL_OPEN when aborted */
  acquire(owner: object, label: string, ticket: number, signal?: AbortSignal): Promise<void> {
    if (!this.wanted && this.open) {
      this.give();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        owner,
        ticket,
        go: () => {
          leave();
          resolve();
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        waiter.fail(notOpened('given up before the host had a session free', label, signal?.reason));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const before = this.waiting.findLastIndex((other) => other.ticket < ticket);
      this.waiting.splice(before + 1, 0, waiter);
      if (signal?.aborted === true) onAbort();
      this.serve();
    });
  }

  granted(): void {
    this.pending -= 1;
  }

  /**
   * An OPEN was refused: what was granted by then is what the server grants.
   * @param tries how often this opener was refused before
   * @returns whether waiting for another one to end makes sense
   */
  refused(tries: number): boolean {
    this.pending -= 1;
    this.used -= 1;
    const granted = this.used - this.pending;
    if (granted > 0) {
      if (granted < this.cap) {
        this.cap = granted;
        this.onLearned(granted);
      }
      return true;
    }
    const early = nowMs() < this.doubtfulUntil && tries < DOUBTFUL_TRIES;
    // It may only have come too early.
    if (early) this.pause(DOUBTFUL_PAUSE_MS * 2 ** tries);
    else this.serve();
    return early;
  }

  /** An OPEN that will never be answered. */
  lost(): void {
    this.pending -= 1;
    this.release();
  }

  /** The server has freed one. */
  release(): void {
    this.used -= 1;
    this.serve();
  }

  /**
   * The server will have freed one soon.
   * @returns may be called when it is known that it has
   */
  releaseLater(): () => void {
    let isReleased = false;
    const release = (): void => {
      if (!isReleased) this.release();
      isReleased = true;
    };
    const timer = setTimeout(() => {
      this.doubtfulUntil = nowMs() + DOUBTFUL_MS;
      release();
    }, FREED_AFTER_MS).unref();
    return () => {
      clearTimeout(timer);
      release();
    };
  }

  /** Nobody, or nobody of this owner, is served any more. */
  fail(error: PsshError, owner?: object): void {
    const failed = this.waiting.filter((waiter) => owner === undefined || waiter.owner === owner);
    for (const waiter of failed) {
      this.waiting.splice(this.waiting.indexOf(waiter), 1);
      waiter.fail(error);
    }
  }

  private pause(ms: number): void {
    this.pauses += 1;
    setTimeout(() => {
      this.pauses -= 1;
      this.serve();
    }, ms).unref();
  }

  private get open(): boolean {
    return this.pauses === 0 && this.used < this.cap;
  }

  private give(): void {
    this.used += 1;
    this.pending += 1;
  }

  private serve(): void {
    while (this.open) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.give();
      next.go();
    }
  }
}

export function notOpened(reason: string, label: string, cause?: unknown): PsshError {
  return new PsshError('ERR_CHANNEL_OPEN', reason, { target: label, cause });
}
