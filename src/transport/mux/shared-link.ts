import { setTimeout as pause } from 'node:timers/promises';
import { watchMaster } from '../watch.js';
import { Link } from './link.js';
import { Sessions } from './sessions.js';
import { notOpened, type Slots } from './slots.js';

// How long the end of a connection waits for the server's last words on its sessions.
const LAST_WORDS_MS = 1_000;
// A program that runs commands one after another has the next one ready by then.
const NEXT_COMMAND_MS = 100;

export interface SharedLinkOptions {
  readonly controlPath: string;
  readonly label: string;
  readonly slots: Slots;
  /** Sent with each command. */
  readonly variables: readonly (readonly [string, string])[];
  readonly connectDeadlineMs: number;
  readonly answerDeadlineMs: number;
  readonly window: number;
  readonly maxPacket: number;
  /** Somebody comes back to it: its last user leaves it open. */
  readonly isKept: () => boolean;
  /** It must not be given to anybody else. */
  readonly onOver: () => void;
}

/** The one socket of this process to a master, for all who work over it. */
export class SharedLink {
  /** @throws PsshError ERR_MASTER, ERR_MUX_PROTOCOL */
  readonly ready: Promise<{ readonly link: Link; readonly sessions: Sessions }>;
  private users = 0;
  private link: Link | null = null;
  private sessions: Sessions | null = null;
  private stopWatching = (): void => undefined;
  /** Set for a while after its last user has left. */
  private resting: NodeJS.Timeout | null = null;

  constructor(private readonly options: SharedLinkOptions) {
    this.ready = this.connect();
    this.ready.catch(() => options.onOver());
  }

  enter(): void {
    this.users += 1;
    if (this.resting !== null && this.sessions !== null) this.sessions.eager = true;
    this.stopResting();
    this.link?.hold(true);
  }

  /**
   * The last to leave closes the socket, unless it is kept. But OpenSSH's master does not survive its client's going while a session is
   * not closed by both sides, or an OPEN not answered: what the server still says of it is written to freed memory.
   * So those are waited for; and where they don't come, or an OPEN was refused, the socket stays and the master is
   * poisoned.
   */
  async leave(user: object): Promise<void> {
    const { slots, label } = this.options;
    if (slots.wanted) slots.fail(notOpened('the connection was closed', label), user);
    this.users -= 1;
    await this.closeUnlessWanted();
  }

  /** Nobody keeps it any more. @returns whether its master may serve others */
  async closeUnlessWanted(): Promise<boolean> {
    if (this.link !== null) await this.closeUnlessUsed(this.link);
    return this.link?.poisoned !== true;
  }

  private async closeUnlessUsed(link: Link): Promise<void> {
    this.stopResting();
    if (this.users > 0 || link.lost) return;
    if (this.options.isKept() && !link.poisoned) {
      this.sessions?.openAhead();
      this.resting = setTimeout(() => void this.rest(link), NEXT_COMMAND_MS);
      return;
    }
    if (!(await this.isIdle(link))) return;
    if (link.poisoned) link.hold(false);
    else this.close(link);
  }

  /** No next command has come: until one does no session is open, and the process may end. */
  private async rest(link: Link): Promise<void> {
    this.stopResting();
    if (this.sessions !== null) this.sessions.eager = false;
    if (await this.isIdle(link)) link.hold(false);
  }

  private stopResting(): void {
    if (this.resting !== null) clearTimeout(this.resting);
    this.resting = null;
  }

  /** Whether nobody works over it, once the server has had its last words; without them it is poisoned. */
  private async isIdle(link: Link): Promise<boolean> {
    if (this.users > 0 || link.lost) return false;
    this.sessions?.dropAhead();
    if (link.busy) await Promise.race([link.quiet(), pause(LAST_WORDS_MS, undefined, { ref: false })]);
    // Somebody may have come meanwhile.
    if (this.users > 0 || link.lost) return false;
    if (link.busy) link.poisoned = true;
    return true;
  }

  private close(link: Link): void {
    this.options.onOver();
    this.stopWatching();
    link.close();
  }

  private async connect(): Promise<{ link: Link; sessions: Sessions }> {
    const { options } = this;
    const { slots, variables, answerDeadlineMs } = options;
    const link = new Link({
      ...options,
      onLost: () => {
        this.stopWatching();
        options.onOver();
      },
    });
    const sessions = new Sessions(link, slots, variables, answerDeadlineMs);
    sessions.openAhead();
    await link.ready;
    this.link = link;
    this.sessions = sessions;
    if (!link.lost) this.stopWatching = watchMaster(link, options.controlPath);
    // All may have gone before it stood.
    await this.closeUnlessUsed(link);
    return { link, sessions };
  }
}
