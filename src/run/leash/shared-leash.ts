import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../../ssh/now.js';
import type { Channel, Connection } from '../../transport/transport.js';
import { type LeashOptions, LeashTalk } from './leash-talk.js';

const ANSWER_MS = 10_000;
const POLL_MS = 60;
const AFTER_KILL_MS = 2_000;
// On a busy host a command that has just been sent may not have its mark yet.
const FIND_MS = 10_000;

interface Counted {
  /** Living processes. */
  readonly count: number;
  /** The sessions that they are known by. */
  readonly sessions: string;
}

/**
 * One leash for all the commands of a connection, each known by a mark of its own: it ends one of them when we say so,
 * and all that still run when the connection is gone. Its answers bear the number of the question, so that several
 * commands can be ended at once.
 */
export class SharedLeash extends LeashTalk {
  private questions = 0;
  private readonly open = new Map<string, (words: string | null) => void>();

  /** Null: as of {@link Leash.open}. @param options `mark`: what all marks of the connection begin with */
  static async open(
    connection: Connection,
    options: LeashOptions,
    signal: AbortSignal,
    unwanted: AbortSignal,
  ): Promise<SharedLeash | null> {
    let channel: Channel;
    try {
      channel = await LeashTalk.session(connection, options.command, signal);
    } catch {
      return null;
    }
    const leash = new SharedLeash(channel);
    return (await leash.arm(options, unwanted)) ? leash : null;
  }

  /** Learns which sessions run now: those it ends even if the server is gone before it could look again. */
  async learn(): Promise<void> {
    await this.ask('a', '');
  }

  /**
   * TERM to every process of one command's session, after the grace KILL.
   * @param isOver the command has ended
   * @returns confirmed only when the session was seen to be empty
   */
  async kill(mark: string, graceMs: number, isOver: () => boolean): Promise<'confirmed' | 'unknown'> {
    const sessions = await this.find(mark, isOver);
    if (sessions === null) return 'unknown';
    const which = `${mark} ${sessions}`;
    if (await this.emptyWithin(graceMs, 'l', which)) return 'confirmed';
    return (await this.emptyWithin(AFTER_KILL_MS, 's', `KILL ${which}`)) ? 'confirmed' : 'unknown';
  }

  protected override answer(line: string): boolean {
    const [, number = '', words = ''] = /^r (\d+) (.*)$/.exec(line) ?? [];
    const resolve = this.open.get(number);
    resolve?.(words);
    return number !== '';
  }

  protected override finish(): void {
    super.finish();
    for (const resolve of [...this.open.values()]) resolve(null);
  }

  /** TERM to its sessions, as soon as there are any. Null: none was found. */
  private async find(mark: string, isOver: () => boolean): Promise<string | null> {
    const deadline = nowMs() + FIND_MS;
    for (;;) {
      const found = await this.count('s', `TERM ${mark}`);
      if (found === null) return null;
      if (found.sessions !== '') return found.sessions;
      if (isOver() || nowMs() >= deadline) return null;
      await pause(POLL_MS);
    }
  }

  private async emptyWithin(ms: number, word: string, which: string): Promise<boolean> {
    const deadline = nowMs() + ms;
    for (;;) {
      const counted = await this.count(word, which);
      if (counted === null) return false;
      if (counted.count === 0) return true;
      if (nowMs() >= deadline) return false;
      await pause(POLL_MS);
    }
  }

  private async count(word: string, which: string): Promise<Counted | null> {
    const answer = await this.ask(word, which);
    const [, count, sessions = ''] = /^(\d+) ?([\dx ]*)$/.exec(answer ?? '') ?? [];
    return count === undefined ? null : { count: Number(count), sessions: sessions.trim() };
  }

  private ask(word: string, rest: string): Promise<string | null> {
    if (this.ended) return Promise.resolve(null);
    this.questions += 1;
    const number = String(this.questions);
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(null), ANSWER_MS);
      const finish = (words: string | null): void => {
        clearTimeout(timer);
        this.open.delete(number);
        resolve(words);
      };
      this.open.set(number, finish);
      this.say(`${word} ${number} ${rest}`);
    });
  }
}
