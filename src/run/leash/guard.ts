import type { Connection } from '../../transport/transport.js';
import { Leash } from './leash.js';
import { leashCommand } from './leash-script.js';

// Most commands are over by then and need no leash: it costs a session and some milliseconds.
const ARM_AFTER_MS = 300;
const OPEN_MS = 10_000;

/** Watches over one running command: has the leash ready when it is wanted, and takes it back at the end. */
export class Guard {
  private leash: Promise<Leash | null> | null = null;
  private over: AbortController | null = null;
  private readonly timer: NodeJS.Timeout | null;

  /** @param armed also end the command when we ourselves die: the leash is opened before it is needed */
  constructor(
    private readonly connection: Connection,
    private readonly graceMs: number,
    armed: boolean,
  ) {
    this.timer = armed ? setTimeout(() => void this.open(), ARM_AFTER_MS) : null;
  }

  /** Ends every process of the command's session. */
  async kill(): Promise<'confirmed' | 'unknown'> {
    this.stopTimer();
    const leash = await this.open();
    if (leash === null) return 'unknown';
    const killed = await leash.kill(this.graceMs);
    if (killed === 'unknown') leash.leaveToItself();
    return killed;
  }

  /** The command is over: nothing is killed any more. */
  async release(): Promise<void> {
    this.stopTimer();
    this.over?.abort();
    const leash = await this.leash;
    if (leash === null) return;
    leash.release();
    await leash.closed();
  }

  private open(): Promise<Leash | null> {
    const command = leashCommand(this.graceMs / 1000);
    this.over ??= new AbortController();
    this.leash ??= Leash.open(this.connection, command, AbortSignal.timeout(OPEN_MS), this.over.signal);
    return this.leash;
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }
}
