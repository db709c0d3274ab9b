import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../../ssh/now.js';
import type { Channel, Connection } from '../../transport/transport.js';
import { type LeashOptions, LeashTalk } from './leash-talk.js';

const ANSWER_MS = 3_000;
const POLL_MS = 60;
const AFTER_KILL_MS = 2_000;

/**
 * A second session on a host's connection that ends the command's processes: when we say so, and by itself when
 * the connection is gone, because we or the master died, or the network is.
 */
export class Leash extends LeashTalk {
  /** Waits for the answer to whether anything runs. */
  private heard: ((isOver: boolean) => void) | null = null;

  /**
   * Null: the host gives no second session, what answers is not the leash (a forced command), or it is not wanted
   * any more. One that is returned knows what runs now, and ends it when the connection is gone.
   */
  static async open(
    connection: Connection,
    options: LeashOptions,
    signal: AbortSignal,
    unwanted: AbortSignal,
  ): Promise<Leash | null> {
    let channel: Channel;
    try {
      // A login of its own can be given up at any time; a session that a master was asked for can't.
      const end = options.mark === null ? signal : AbortSignal.any([signal, unwanted]);
      channel = await LeashTalk.session(connection, options.command, end);
    } catch {
      return null;
    }
    const leash = new Leash(channel);
    return (await leash.arm(options, unwanted)) ? leash : null;
  }

  /**
   * TERM to every process of the command's session, after the grace KILL.
   * @returns confirmed only when the session was seen to be empty
   */
  async kill(graceMs: number): Promise<'confirmed' | 'unknown'> {
    if ((await this.count('s TERM')) === null) return 'unknown';
    if (await this.emptyWithin(graceMs)) return 'confirmed';
    return (await this.emptyWithin(AFTER_KILL_MS, 's KILL')) ? 'confirmed' : 'unknown';
  }

  /** Whether no command of the connection runs any more, and the server has told so. False: or that is not known. */
  isOver(): Promise<boolean> {
    if (this.ended) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.heard?.(false), ANSWER_MS);
      this.heard = (isOver) => {
        clearTimeout(timer);
        this.heard = null;
        resolve(isOver);
      };
      this.say('o');
    });
  }

  protected override answer(line: string): boolean {
    const found = /^o(?: ([\d ]+))?$/.exec(line);
    if (found !== null) this.heard?.(found[1] === undefined);
    return found !== null;
  }

  protected override finish(): void {
    super.finish();
    this.heard?.(false);
  }

  /** @param question asked again and again; what it counts must come to nothing */
  private async emptyWithin(ms: number, question = 'l'): Promise<boolean> {
    const deadline = nowMs() + ms;
    for (;;) {
      const count = await this.count(question);
      if (count === null) return false;
      if (count === 0) return true;
      if (nowMs() >= deadline) return false;
      await pause(POLL_MS);
    }
  }

  /** Living processes of the known sessions. Null: no answer, or none is known (no ps), so nothing is sure. */
  private async count(command: string): Promise<number | null> {
    const answer = await this.ask(command);
    const number = /^n (\d+) \d/.exec(answer ?? '')?.[1];
    return number === undefined ? null : Number(number);
  }

  private ask(command: string): Promise<string | null> {
    if (this.ended) return Promise.resolve(null);
    this.say(command);
    return this.line(ANSWER_MS);
  }
}
