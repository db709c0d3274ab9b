import { onAbort } from '../../core/abort.js';
import type { PsshError } from '../../core/errors.js';
import { NO_SESSION } from '../../ssh/diagnose.js';
import { type OpenOptions, UNSENT } from '../transport.js';
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
  /** A session that nobody has asked for yet. Null: refused. */
  private ahead: Promise<MuxChannel | null> | null = null;
  /** Those that both sides have closed and the server may not have freed, as what is to be called when it has. */
  private readonly freeing: (() => void)[] = [];
  /** One command follows another: the session of the next one is asked for as soon as one has been sent. */
  eager = false;
  /** Closed in this turn. */
  private fenced = 0;

  constructor(
    private readonly link: Link,
    readonly slots: Slots,
    private readonly variables: readonly (readonly [string, string])[],
    private readonly answerDeadlineMs: number,
  ) {}

  /** Sessions that could be had now without waiting for another to end. */
  get free(): number {
    return this.slots.free + (this.ahead === null ? 0 : 1);
  }

  /** Asks for a session before anybody wants it, which spares a turn: the first one's OPEN travels with the greeting. */
  openAhead(): void {
    if (this.ahead !== null || this.slots.free === 0) return;
    const nobody: Opener = { closed: false };
    // At once, as one is free.
    void this.slots.acquire(nobody, this.link.label, this.slots.ticket());
    this.ahead = this.ask(nobody, undefined, 0);
    this.ahead.catch(() => undefined);
  }

  /** Nobody will want it. */
  dropAhead(): void {
    void this.takeAhead()?.then(
      (channel) => channel?.close(),
      () => undefined,
    );
  }

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
      if (options.wait === false && (tries > 0 || this.free === 0)) {
        throw notOpened('the host has no session left', label);
      }
      const ahead = this.takeAhead();
      if (ahead === null) await this.slots.acquire(opener, label, ticket, signal);
      const channel = await (ahead === null
        ? this.ask(opener, signal, tries)
        : unlessGivenUp(ahead, label, signal));
      if (channel === null) continue;
      if (!opener.closed && signal?.aborted !== true) {
        return this.start(channel, bytes, options);
      }
      channel.close();
      throw givenUp(label, signal);
    }
  }

  private async start(channel: MuxChannel, command: Uint8Array, options: OpenOptions): Promise<MuxChannel> {
    const { link, variables, answerDeadlineMs } = this;
    const closed = this.freeing.splice(0);
    const starting = startCommand(link, channel, command, { ...options, variables, answerDeadlineMs });
    // In the same turn, so that both go out in one piece.
    if (this.eager) this.openAhead();
    const started = await starting;
    // An answer to what was sent behind their CLOSE: the server's turn in which it frees them is over.
    for (const free of closed) free();
    return started;
  }

  private takeAhead(): Promise<MuxChannel | null> | null {
    const { ahead } = this;
    this.ahead = null;
    return ahead;
  }

  /** Null: refused, but it makes sense to wait for another session to end. */
  private ask(opener: Opener, signal: AbortSignal | undefined, tries: number): Promise<MuxChannel | null> {
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
      const stopListening = onAbort(signal, () => giveUp(givenUp(link.label, signal)));
      const answered = (): void => {
        clearTimeout(timer);
        stopListening();
      };
      link.openSession({
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
          reject(notOpened(UNSENT, link.label, cause));
        },
        ended: () => this.handBack(),
      });
    });
  }

  private freeLater(): void {
    this.freeing.push(this.slots.releaseLater());
  }

  private unfit(opener: Opener): PsshError | null {
    const { link, stuck } = this;
    if (stuck !== null) return stuck;
    if (link.lost) return notOpened(UNSENT, link.label);
    return opener.closed ? notOpened('the connection was closed', link.label) : null;
  }

  /**
   * The server frees a session one turn of its loop after our CLOSE. Where somebody waits for it, an answer on
   * another channel tells that it has: the server answered in a later turn.
   */
  private handBack(): void {
    const { link, slots } = this;
    if (link.lost) slots.release();
    else if (!slots.wanted) this.freeLater();
    else {
      this.fenced += 1;
      // One for all that end in the same turn.
      if (this.fenced === 1) queueMicrotask(() => this.fence());
    }
  }

  private fence(): void {
    const count = this.fenced;
    this.fenced = 0;
    const each = (act: () => void): void => {
      for (let done = 0; done < count; done += 1) act();
    };
    const other = this.link.lost ? null : firstUsable(this.link.channels);
    if (other === null) {
      each(() => (this.link.lost ? this.slots.release() : this.freeLater()));
      return;
    }
    let settled = false;
    const settle = (gone: boolean): void => {
      clearTimeout(timer);
      if (settled) return;
      settled = true;
      each(() => (gone ? this.handBack() : this.slots.release()));
    };
    const timer = setTimeout(() => settle(false), FENCE_DEADLINE_MS).unref();
    other.fence((reply) => settle(reply === 'gone'));
  }
}

function givenUp(label: string, signal: AbortSignal | undefined): PsshError {
  return notOpened('given up before the command was sent', label, signal?.reason);
}

/** One that comes after it was given up is closed again. */
function unlessGivenUp(
  asked: Promise<MuxChannel | null>,
  label: string,
  signal: AbortSignal | undefined,
): Promise<MuxChannel | null> {
  if (signal === undefined) return asked;
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, () => {
      reject(givenUp(label, signal));
      asked.then(
        (channel) => channel?.close(),
        () => undefined,
      );
    });
    asked.then(
      (channel) => {
        stopListening();
        resolve(channel);
      },
      (error: unknown) => {
        stopListening();
        reject(error);
      },
    );
  });
}

function firstUsable(channels: Iterable<MuxChannel>): MuxChannel | null {
  for (const channel of channels) if (channel.usable) return channel;
  return null;
}
