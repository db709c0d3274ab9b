import { setTimeout as pause } from 'node:timers/promises';
import { watchMaster } from '../watch.js';
import { Link } from './link.js';
import { Sessions } from './sessions.js';
import { notOpened, type Slots } from './slots.js';

// How long the end of a connection waits for the server's last words on its sessions.
const LAST_WORDS_MS = 1_000;

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

  constructor(private readonly options: SharedLinkOptions) {
    this.ready = this.connect();
    this.ready.catch(() => options.onOver());
  }

  enter(): void {
    this.users += 1;
    this.link?.hold(true);
  }

  /**
   * The last to leave closes the socket. But OpenSSH's master does not survive its client's going while a session is
   * not closed by both sides, or an OPEN not answered: what the server still says of it is written to freed memory.
   * So those are waited for; and where they don't come, or an OPEN was refused, the socket stays and the master is
   * poisoned.
   */
  async leave(user: object): Promise<void> {
    const { slots, label } = this.options;
    if (slots.wanted) slots.fail(notOpened('the connection was closed', label), user);
    this.users -= 1;
    if (this.link !== null) await this.closeUnlessUsed(this.link);
  }

  private async closeUnlessUsed(link: Link): Promise<void> {
    if (this.users > 0 || link.lost) return;
    this.sessions?.dropAhead();
    if (link.busy) await Promise.race([link.quiet(), pause(LAST_WORDS_MS, undefined, { ref: false })]);
    // Somebody may have come meanwhile.
    if (this.users > 0 || link.lost) return;
    if (link.busy) link.poisoned = true;
    if (link.poisoned) {
      link.hold(false);
      return;
    }
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
