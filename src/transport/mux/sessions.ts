import type { PsshError } from '../../core/errors.js';
import { NO_SESSION } from '../../ssh/diagnose.js';
import type { OpenOptions } from '../transport.js';
import type { MuxChannel } from './channel.js';
import type { Link } from './link.js';
import { notOpened, type Slots } from './slots.js';
import { LONGEST_COMMAND, startCommand } from './start-command.js';

// A server that does not answer a fence must not keep a session from us for ever.
const FENCE_DEADLINE_MS = 2_000;

/** Whoever opens; once it is closed nothing further is opened for it. */
export interface Opener {
  readonly closed: boolean;
}

/** Opens sessions on one link, no more at once than the server grants. */
export class Sessions {
  /** The master has left an OPEN unanswered: nothing further is asked of it. */
  private stuck: PsshError | null = null;

  constructor(
    private readonly link: Link,
    readonly slots: Slots,
    private readonly variables: readonly (readonly [string, string])[],
    private readonly answerDeadlineMs: number,
  ) {}

  /** @throws PsshError ERR_CHANNEL_OPEN, ERR_DISCONNECTED, ERR_MUX_PROTOCOL */
  async open(opener: Opener, command: string, options: OpenOptions): Promise<MuxChannel> {
    const { label } = this.link;
    const bytes = Buffer.from(command);
    if (bytes.length > LONGEST_COMMAND) {
      const reason = `the command has ${bytes.length} bytes, ssh carries at most ${LONGEST_COMMAND}; send it as input`;
      throw notOpened(reason, label);
    }
    const { signal } = options;
    const ticket = this.slots.ticket();
    for (let tries = 0; ; tries += 1) {
      if (options.wait === false && (tries > 0 || this.slots.free === 0)) {
        throw notOpened('the host has no session left', label);
      }
      await this.slots.acquire(opener, label, ticket, signal);
      const channel = await this.ask(opener, options, tries);
      if (channel === null) continue;
      if (!opener.closed && signal?.aborted !== true) {
        const { variables, answerDeadlineMs } = this;
        return startCommand(this.link, channel, bytes, { ...options, variables, answerDeadlineMs });
      }
      channel.close();
      throw notOpened('given up before the command was sent', label, signal?.reason);
    }
  }

  /** Null: refused, but it makes sense to wait for another session to end. */
  private ask(opener: Opener, options: OpenOptions, tries: number): Promise<MuxChannel | null> {
    const { link, slots } = this;
    return new Promise((resolve, reject) => {
      const unfit = this.unfit(opener);
      if (unfit !== null) {
        slots.lost();
        reject(unfit);
        return;
      }
      let given = false;
      const giveUp = (error: PsshError): void => {
        // It may still be answered, so its session stays counted, and the socket must stay open.
        given = true;
        reject(error);
      };
      const timer = setTimeout(() => {
        link.poisoned = true;
        this.stuck = notOpened(
          `the master does not answer within ${this.answerDeadlineMs / 1000}s`,
          link.label,
        );
        slots.fail(this.stuck);
        giveUp(this.stuck);
      }, this.answerDeadlineMs).unref();
      const onAbort = (): void =>
        giveUp(notOpened('given up before the command was sent', link.label, options.signal?.reason));
      options.signal?.addEventListener('abort', onAbort, { once: true });
      const answered = (): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
      };
      link.openSession({
        stdin: options.stdin,
        confirmed: (channel) => {
          answered();
          slots.granted();
          if (given) channel.close();
          else resolve(channel);
        },
        refused: (reason) => {
          answered();
          if (slots.refused(tries)) resolve(null);
          else
            reject(
              notOpened(reason === 'open failed' ? NO_SESSION : `${NO_SESSION} (${reason})`, link.label),
            );
        },
        lost: (cause) => {
          answered();
          slots.lost();
          reject(notOpened('the connection was lost before the command was sent', link.label, cause));
        },
        ended: () => this.free(),
      });
    });
  }

  private unfit(opener: Opener): PsshError | null {
    const { link, stuck } = this;
    if (stuck !== null) return stuck;
    if (link.lost) return notOpened('the connection was lost before the command was sent', link.label);
    return opener.closed ? notOpened('the connection was closed', link.label) : null;
  }

  /**
   * The server frees a session one turn of its loop after our CLOSE. Where somebody waits for it, an answer on
   * another channel tells that it has: the server answered in a later turn.
   */
  private free(): void {
    const { link, slots } = this;
    const other = slots.wanted && !link.lost ? firstUsable(link.channels) : null;
    if (other === null) {
      if (link.lost) slots.release();
      else slots.releaseLater();
      return;
    }
    let settled = false;
    const settle = (gone: boolean): void => {
      clearTimeout(timer);
      if (settled) return;
      settled = true;
      if (gone) this.free();
      else slots.release();
    };
    const timer = setTimeout(() => settle(false), FENCE_DEADLINE_MS).unref();
    other.fence((reply) => settle(reply === 'gone'));
  }
}

function firstUsable(channels: Iterable<MuxChannel>): MuxChannel | null {
  for (const channel of channels) if (channel.usable) return channel;
  return null;
}
