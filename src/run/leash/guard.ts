import type { Channel, Connection } from '../../transport/transport.js';
import { Leash } from './leash.js';
import { leashCommand } from './leash-script.js';
import { signalCommand } from './signal-command.js';

// Most commands are over by then and need no leash: it costs a session and some milliseconds.
const ARM_AFTER_MS = 300;
const OPEN_MS = 10_000;
const WAIT_MS = 4_000;

export interface GuardOptions {
  readonly connection: Connection;
  /** The command's; null: there are several. */
  readonly channel: Channel | null;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Without a word of ours for this long the host takes the network for lost. */
  readonly silenceMs: number;
  /** Also end the command when we ourselves die or the network does: the leash is opened before it is needed. */
  readonly armed: boolean;
  /** By what a leash of another login knows the command. */
  readonly mark: string | null;
  /** What ends the command is not the leash but something that it ends: that has the grace, and then some time. @default false */
  readonly waits?: boolean;
}

/** Watches over one running command: has the leash ready when it is wanted, and takes it back at the end. */
export class Guard {
  private leash: Promise<Leash | null> | null = null;
  private over: AbortController | null = null;
  private readonly timer: NodeJS.Timeout | null;

  /** The host heard nothing of us for too long, and has ended the command. */
  lost = false;

  constructor(private readonly options: GuardOptions) {
    this.timer = options.armed ? setTimeout(() => void this.open(), ARM_AFTER_MS) : null;
  }

  /** Ends every process of the command's session. */
  async kill(): Promise<'confirmed' | 'unknown'> {
    this.stopTimer();
    const leash = await this.open();
    if (leash === null) {
      const { channel, graceMs } = this.options;
      if (channel !== null) await signalCommand(channel, graceMs);
      return 'unknown';
    }
    const killed = await leash.kill(this.graceMs);
    if (killed === 'unknown') leash.leaveToItself();
    return killed;
  }

  /** Whether no command of the connection runs any more. False: or that is not known. */
  async isOver(): Promise<boolean> {
    return (await (await this.leash)?.isOver()) === true;
  }

  /** The command is over: nothing is killed any more. */
  async release(): Promise<void> {
    this.stopTimer();
    this.over?.abort();
    const leash = await this.leash;
    if (leash === null) return;
    this.lost = leash.lost;
    leash.release();
    await leash.closed();
  }

  private get graceMs(): number {
    const { graceMs, waits = false } = this.options;
    return waits ? graceMs * 1.1 + WAIT_MS : graceMs;
  }

  private open(): Promise<Leash | null> {
    const { connection, silenceMs, mark } = this.options;
    // A login of its own would find nothing there that it could know for the command.
    if (connection.kind === 'plain' && mark === null) return Promise.resolve(null);
    const silenceSeconds = Math.ceil(silenceMs / 1000);
    const command = leashCommand({
      graceSeconds: this.graceMs / 1000,
      silenceSeconds,
      marked: mark !== null,
    });
    const signal = AbortSignal.timeout(OPEN_MS);
    this.over ??= new AbortController();
    this.leash ??= Leash.open(connection, { command, silenceMs, mark }, signal, this.over.signal);
    return this.leash;
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }
}
