import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../ssh/now.js';
import type { Channel } from '../transport/transport.js';
import type { Guard } from './leash/guard.js';

const LOOKS_A_DRAIN = 4;
const SHORTEST_MS = 100;
const LONGEST_MS = 2_000;

export interface DrainWatchOptions {
  readonly channel: Channel;
  readonly guard: Guard;
  /** How long output is awaited after the command has exited. */
  readonly drainMs: number;
  /** A slow reader of ours holds the output up. */
  readonly held: () => boolean;
}

/**
 * `ssh -S` keeps a command's exit status to itself while anything holds the output, a daemon say. So the leash is asked,
 * now and then, whether the command still runs; once its end is long enough ago, its connection is let go, which makes
 * ssh tell. Where there is no leash, or the connection is not ours alone, it stays as it is.
 */
export class DrainWatch {
  /** The output was let go: after its time, or because that of the command was over. */
  letGo: 'drained' | 'early' | null = null;
  private readonly over = new AbortController();
  private readonly work: Promise<void>;

  constructor(private readonly options: DrainWatchOptions) {
    this.work = this.watch();
  }

  /** Ends the watching. */
  stop(): void {
    this.over.abort();
  }

  /** Lets the output go now. False: the command still runs, or that is not known. */
  async end(): Promise<boolean> {
    this.stop();
    await this.work;
    return this.letGo !== null || ((await this.options.guard.isOver()) && (await this.release('early')));
  }

  private async watch(): Promise<void> {
    const { drainMs, guard, held } = this.options;
    const every = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, drainMs / LOOKS_A_DRAIN));
    let waited = 0;
    for (let last = nowMs(); await this.pause(every); ) {
      const isOver = await guard.isOver();
      if (this.over.signal.aborted) return;
      const now = nowMs();
      // It may have ended right after the last look.
      if (!isOver) waited = 0;
      else if (!held()) waited += now - last;
      last = now;
      if (isOver && waited >= drainMs && (await this.release('drained'))) return;
    }
  }

  private async release(why: 'drained' | 'early'): Promise<boolean> {
    const { guard, channel } = this.options;
    const isDone = await channel.letGo?.(async () => {
      // The leash would take the end of the connection for ours, and end what the command has left.
      await guard.release();
      this.letGo = why;
    });
    return isDone === true;
  }

  private pause(ms: number): Promise<boolean> {
    return pause(ms, true, { signal: this.over.signal }).catch(() => false);
  }
}
