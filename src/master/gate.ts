// So many drops in a row, one login at a time and none ever granted: the server wants nobody, however slowly asked.
const HOPELESS = 3;

/** How a login went, as far as its server's patience is concerned. */
export type LoginOutcome = 'ok' | 'dropped' | 'other';

/** Leave to try one login. */
export interface Pass {
  /** @returns whether a lower rate is the answer to the drop, so that it must not count as a try */
  leave(outcome: LoginOutcome): boolean;
}

/**
 * How many logins to one server go on at once. No bound at first; a server that drops connections before the login
 * (MaxStartups) halves the number, each success lets it grow again.
 */
export class Gate {
  private limit = Number.POSITIVE_INFINITY;
  private running = 0;
  /** The most at once since the number was last lowered. */
  private peak = 0;
  /** What was dropped together lowers the number once. */
  private round = 0;
  private inRow = 0;
  private granted = false;
  private hopeless = false;
  private readonly waiting: (() => void)[] = [];

  /** @throws the signal's reason */
  async enter(signal: AbortSignal): Promise<Pass> {
    signal.throwIfAborted();
    if (this.running >= Math.floor(this.limit)) await this.turn(signal);
    else this.running += 1;
    this.peak = Math.max(this.peak, this.running);
    const { round } = this;
    let left = false;
    return {
      leave: (outcome) => {
        if (left) return false;
        left = true;
        const answered = this.note(outcome, round);
        this.running -= 1;
        this.admit();
        return answered;
      },
    };
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(go);
    });
  }

  private admit(): void {
    while (this.running < Math.floor(this.limit)) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.running += 1;
      next();
    }
  }

  private note(outcome: LoginOutcome, round: number): boolean {
    if (outcome === 'ok') {
      this.granted = true;
      this.hopeless = false;
      this.inRow = 0;
      // One more for each round of successes.
      this.limit += 1 / this.limit;
    }
    if (outcome !== 'dropped' || this.hopeless) return false;
    if (round < this.round) return true;
    if (this.peak > 1) {
      this.limit = Math.max(1, Math.floor(Math.min(this.limit, this.peak) / 2));
      this.round += 1;
      this.peak = 1;
      return true;
    }
    this.inRow += 1;
    this.hopeless = !this.granted && this.inRow >= HOPELESS;
    if (this.hopeless) this.limit = Number.POSITIVE_INFINITY;
    return false;
  }
}

/** The gates of one process, a server each. */
export class Gates {
  private readonly gates = new Map<string, Gate>();

  of(server: string): Gate {
    const known = this.gates.get(server);
    if (known !== undefined) return known;
    const made = new Gate();
    this.gates.set(server, made);
    return made;
  }
}
