/** What became of a login that was given a password which was not known to be right. */
export type ProofOutcome =
  | 'right'
  /** It failed, however: the try may count. */
  | 'failed'
  /** The caller gave it up. */
  | 'canceled';

/** What to do with a login that is asked for the password. */
export type Turn =
  | { readonly kind: 'answer' }
  /** The password was not accepted where it was tried. */
  | { readonly kind: 'refuse'; readonly triedAt: string };

interface Waiting {
  readonly login: object;
  readonly label: string;
  readonly take: (turn: Turn) => void;
}

/**
 * Whether a password is right for an account. It is tried by one login; the others wait until that has shown it to be
 * right, and are refused where it has not, so that no account is locked for hundreds of wrong tries.
 */
export class PasswordProof {
  private state: 'untried' | 'trying' | 'right' | 'wrong' = 'untried';
  private trying: { readonly login: object; readonly label: string } | null = null;
  private waiting: Waiting[] = [];

  /** @param take told once it is this login's turn; perhaps at once */
  ask(login: object, label: string, take: (turn: Turn) => void): void {
    if (this.state === 'right') take({ kind: 'answer' });
    else if (this.state === 'wrong') take({ kind: 'refuse', triedAt: this.trying?.label ?? '' });
    else {
      this.waiting.push({ login, label, take });
      this.next();
    }
  }

  get isRight(): boolean {
    return this.state === 'right';
  }

  isWaiting(login: object): boolean {
    return this.waiting.some((one) => one.login === login);
  }

  /** A login has ended. */
  settle(login: object, outcome: ProofOutcome): void {
    this.waiting = this.waiting.filter((one) => one.login !== login);
    if (this.state !== 'trying' || this.trying?.login !== login) return;
    if (outcome === 'canceled') {
      this.state = 'untried';
      this.trying = null;
      this.next();
      return;
    }
    this.state = outcome === 'right' ? 'right' : 'wrong';
    for (const { login: other, label, take } of this.waiting.splice(0)) this.ask(other, label, take);
  }

  private next(): void {
    if (this.state !== 'untried') return;
    const first = this.waiting.shift();
    if (first === undefined) return;
    this.state = 'trying';
    this.trying = first;
    first.take({ kind: 'answer' });
  }
}
