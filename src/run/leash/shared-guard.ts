import { randomBytes } from 'node:crypto';
import { nowMs } from '../../ssh/now.js';
import type { Channel, Connection } from '../../transport/transport.js';
import { SharedLeash } from './shared-leash.js';
import { sharedLeashCommand } from './shared-leash-script.js';
import { signalCommand } from './signal-command.js';

const TICK_MS = 300;
const LEARN_EVERY_MS = 1_000;
const OPEN_MS = 20_000;
const MOST_FAILURES = 3;

export interface SharedGuardOptions {
  readonly connection: Connection;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Without a word of ours for this long the host takes the network for lost. */
  readonly silenceMs: number;
  /** Also end the commands when we ourselves die or the network does. */
  readonly armed: boolean;
}

/**
 * Watches over the commands of one connection, of which several run at once: one leash for all of them, opened once one
 * has been running for a moment.
 */
export class SharedGuard {
  /** What the marks of its commands begin with. */
  readonly mark = randomBytes(9).toString('hex');
  private leash: SharedLeash | null = null;
  private opening: Promise<SharedLeash | null> | null = null;
  private readonly over = new AbortController();
  /** When each command began; the oldest first. */
  private readonly running = new Map<string, number>();
  private first: number | null = null;
  private learnedAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private count = 0;
  private readonly timer: NodeJS.Timeout | null;

  constructor(private readonly options: SharedGuardOptions) {
    this.timer = options.armed ? setInterval(() => this.tick(), TICK_MS) : null;
    this.timer?.unref();
  }

  /** The host heard nothing of us for too long, and has ended all that ran. */
  get lost(): boolean {
    return this.leash?.lost === true;
  }

  /** A command is about to begin. @returns its mark */
  begin(): string {
    this.count += 1;
    // A dot at its end: 1 is not the beginning of 12.
    const mark = `${this.mark}.${this.count}.`;
    const now = nowMs();
    this.first ??= now;
    this.running.set(mark, now);
    return mark;
  }

  end(mark: string): void {
    this.running.delete(mark);
  }

  /** Ends every process of one command's session. */
  async kill(mark: string, channel: Channel): Promise<'confirmed' | 'unknown'> {
    const { graceMs } = this.options;
    const leash = await this.ready();
    if (leash !== null) {
      let isOver = false;
      const ended = (): void => {
        isOver = true;
      };
      channel.exited.then(ended, ended);
      return leash.kill(mark, graceMs, () => isOver);
    }
    await signalCommand(channel, graceMs);
    return 'unknown';
  }

  /** No command runs any more: nothing is killed. */
  async release(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.over.abort();
    const leash = await this.opening;
    leash?.release();
    await leash?.closed();
  }

  private tick(): void {
    if (this.running.size === 0 || this.first === null) return;
    const now = nowMs();
    if (this.leash === null) {
      if (now - this.first >= TICK_MS && this.failures < MOST_FAILURES) void this.ready();
      return;
    }
    if (now - this.learnedAt < LEARN_EVERY_MS) return;
    for (const began of this.running.values()) {
      if (began > now - TICK_MS) return;
      if (began < this.learnedAt) continue;
      this.learnedAt = now;
      void this.leash.learn();
      return;
    }
  }

  private ready(): Promise<SharedLeash | null> {
    if (this.opening === null) {
      const opening = this.open();
      this.opening = opening;
      void opening.then((leash) => {
        // The host may have a session free later.
        if (leash === null && this.opening === opening) this.opening = null;
      });
    }
    return this.opening;
  }

  private async open(): Promise<SharedLeash | null> {
    const { connection, graceMs, silenceMs } = this.options;
    const silenceSeconds = Math.ceil(silenceMs / 1000);
    const command = sharedLeashCommand({ graceSeconds: graceMs / 1000, silenceSeconds });
    const began = nowMs();
    const options = { command, silenceMs, mark: this.mark };
    const leash = await SharedLeash.open(connection, options, AbortSignal.timeout(OPEN_MS), this.over.signal);
    if (leash === null) this.failures += 1;
    this.leash = leash;
    this.learnedAt = began;
    return leash;
  }
}
