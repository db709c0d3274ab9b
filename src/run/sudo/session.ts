import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { onAbort } from '../../core/abort.js';
import { PsshError } from '../../core/errors.js';
import type { RunOptions } from '../../core/options.js';
import { secretFault } from '../../core/secrets.js';
import type { Target } from '../../core/target.js';
import type { PasswordProof, ProofOutcome, Turn } from '../../ssh/password-proof.js';
import type { Channel } from '../../transport/transport.js';
import { endsWithin } from '../leash/signal-command.js';
import type { PlannedCommand, PlannedSudo } from '../plan.js';
import { innerScript } from './inner-script.js';
import { type LoginFacts, Marked, type MarkListener } from './marked.js';
import { PROMPT, type SudoMarks, sudoCommand } from './outer-script.js';
import { refusalOf, slowReason } from './refusal.js';

// A sudo that says nothing more may ask something, wait for a directory service, or hang.
const START_MS = 30_000;
const END_MS = 5_000;
const REFUSED_MS = 3_000;
const LAST_WORDS_MS = 5_000;
// ^D, which ends the input of a terminal.
const END_OF_INPUT = '\u0004';

/** How the start of a command under sudo ended. */
export type Start =
  | { readonly kind: 'running' }
  | { readonly kind: 'failed'; readonly error: PsshError }
  /** The password was wrong elsewhere, and not tried here. */
  | { readonly kind: 'untried'; readonly error: PsshError }
  /** Its time was over, or the caller gave it up. */
  | { readonly kind: 'given' | 'timeout' };

export interface StartOptions {
  readonly target: Target;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** What is lost ends on the host. */
  readonly ends: boolean;
  /** All output comes as stdout. */
  readonly isTerminal: boolean;
  /** Of the command; the start may take as long, but no longer than is usual for a sudo that works. */
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal;
}

/** The session of a command that runs under sudo. Null: it does not. */
export function sudoSession(
  { sudo }: PlannedCommand,
  target: Target,
  { killGraceMs: graceMs, timeoutMs, onDisconnect, pty }: RunOptions,
  signal: AbortSignal,
): SudoSession | null {
  if (sudo === undefined) return null;
  const isTerminal = pty !== null;
  return new SudoSession(sudo, {
    target,
    graceMs,
    timeoutMs,
    ends: onDisconnect === 'kill',
    isTerminal,
    signal,
  });
}

const word = (): string => randomBytes(9).toString('hex');

/** One command under sudo, from the login's shell to the word that nothing of it is left. */
export class SudoSession implements MarkListener {
  /** For the login shell. */
  readonly text: string;
  private readonly marks: SudoMarks = { talk: word(), started: word(), inner: word() };
  private readonly marked = new Marked(this.marks, this);
  private readonly start: Promise<Start>;
  private resolve: (start: Start) => void = () => undefined;
  private hasStarted = false;
  private timer: NodeJS.Timeout | undefined;
  private channel: Channel | null = null;
  private heard: LoginFacts | null = null;
  /** The password was told. */
  private answered = false;
  /** It was right, although sudo refused. */
  private proven = false;
  /** The shell that sudo has started was told what to run. */
  private sent = false;
  private seenGone = false;
  private onGone = (): void => undefined;

  constructor(
    private readonly planned: PlannedSudo,
    private readonly options: StartOptions,
  ) {
    const { access, words } = planned;
    this.text = sudoCommand({ user: access.user, asks: access.password !== null, words }, this.marks);
    this.start = new Promise((resolve) => {
      this.resolve = (start) => {
        this.hasStarted = true;
        resolve(start);
      };
    });
  }

  /** The command's own outputs. Its input is not to be written to before {@link begun}. */
  over(channel: Channel): { readonly stdout: Readable; readonly stderr: Readable } {
    this.channel = channel;
    const { marked } = this;
    const { isTerminal } = this.options;
    const { stdout, stderr, stdin, exited } = channel;
    stdin?.on('error', () => undefined);
    const source = isTerminal ? stdout : stderr;
    source.on('error', () => marked.end());
    source.on('close', () => marked.end());
    marked.on('close', () => source.destroy());
    source.pipe(marked);
    this.limit();
    exited.then(
      () => void this.refused().then(this.resolve),
      (error: unknown) => this.resolve({ kind: 'failed', error: error as PsshError }),
    );
    return isTerminal ? { stdout: marked, stderr } : { stdout, stderr: marked };
  }

  /** Waits until the command runs. Both outputs have to be read meanwhile. Never rejects. */
  async begun(): Promise<Start> {
    const stop = onAbort(this.options.signal, () => this.resolve({ kind: 'given' }));
    const start = await this.start;
    stop();
    clearTimeout(this.timer);
    this.proof?.settle(this, this.outcomeOf(start));
    if (start.kind !== 'running') this.endInput();
    return start;
  }

  /** Whether what was not started has ended: its input has, and sudo with it, unless it hangs. */
  async quits(): Promise<boolean> {
    return this.channel === null || endsWithin(this.channel, REFUSED_MS);
  }

  /** What a kill came to, in the light of what the watcher beside the command says. */
  async judge(killed: 'confirmed' | 'unknown'): Promise<'confirmed' | 'unknown'> {
    if (!this.sent || killed === 'unknown') return killed;
    await this.goneWithin(LAST_WORDS_MS);
    return this.seenGone ? 'confirmed' : 'unknown';
  }

  facts(facts: LoginFacts): void {
    this.heard = facts;
  }

  asked(times: number): void {
    const { proof } = this;
    // A second time: it was wrong, or something else is asked. Sudo would ask three times.
    if (times > 1 || proof === null || this.hasStarted) {
      this.endInput();
      return;
    }
    // Another host's turn takes none of this one's time.
    clearTimeout(this.timer);
    proof.ask(this, this.options.target.label, (turn) => this.take(turn));
  }

  started(): void {
    if (this.heard === null || this.hasStarted) return;
    const { fifo, locale, terminal } = this.heard;
    const { graceMs, ends } = this.options;
    const line = innerScript({
      ...{ mark: this.marks.inner, fifo, locale, terminal },
      lines: this.planned.lines,
      graceSeconds: graceMs / 1000,
      endsWithTerminal: ends,
    });
    this.sent = true;
    this.channel?.stdin?.write(`${line}\n`);
  }

  ready(watched: boolean): void {
    if (this.hasStarted) return;
    if (!watched) this.channel?.stdin?.write('\n');
    this.resolve({ kind: 'running' });
  }

  gone(): void {
    this.seenGone = true;
    this.onGone();
  }

  private take(turn: Turn): void {
    if (turn.kind === 'refuse') {
      const reason = `not tried: the sudo password was not accepted by ${turn.triedAt}`;
      this.resolve({ kind: 'untried', error: this.fault(reason) });
      return;
    }
    this.answered = true;
    this.limit();
    this.planned.access.password?.().then(
      (secret) => {
        const fault = secretFault(secret);
        if (fault === null) this.channel?.stdin?.write(`${secret}\n`);
        else this.fail(`the sudo password can't be used: ${fault}`);
      },
      () => this.fail('the sudo password could not be had'),
    );
  }

  private limit(): void {
    clearTimeout(this.timer);
    const { timeoutMs } = this.options;
    this.timer =
      timeoutMs !== null && timeoutMs < START_MS
        ? setTimeout(() => this.resolve({ kind: 'timeout' }), timeoutMs)
        : setTimeout(() => this.fail(slowReason(START_MS / 1000, this.words, this.marked.stage)), START_MS);
  }

  /** Sudo has ended without starting anything. */
  private async refused(): Promise<Start> {
    await this.heardAll();
    const { marked, answered, heard } = this;
    const { begun, missing } = marked;
    const { words } = this;
    const login = heard?.login ?? '';
    const { user } = this.planned.access;
    const { reason, proven } = refusalOf({ words, begun, missing, answered, login, user });
    this.proven = proven;
    return { kind: 'failed', error: this.fault(reason) };
  }

  /** Sudo's last words may still be on their way. */
  private heardAll(): Promise<void> {
    const { marked } = this;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, END_MS);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      if (marked.writableFinished || marked.destroyed) done();
      else marked.once('finish', done).once('close', done);
    });
  }

  /** What sudo said, without our marks. */
  private get words(): string {
    return this.marked.words.replaceAll(`${this.marks.talk}${PROMPT}`, '').replaceAll(this.marks.talk, '');
  }

  private outcomeOf({ kind }: Start): ProofOutcome {
    if (kind === 'running' || this.proven) return 'right';
    return kind === 'given' ? 'canceled' : 'failed';
  }

  private get proof(): PasswordProof | null {
    const { access } = this.planned;
    return access.password === null ? null : access.proofFor(this.heard?.login ?? '');
  }

  private fail(reason: string): void {
    this.resolve({ kind: 'failed', error: this.fault(reason) });
  }

  private fault(reason: string): PsshError {
    return new PsshError('ERR_SUDO', reason, { target: this.options.target.label });
  }

  private endInput(): void {
    const { stdin = null } = this.channel ?? {};
    if (stdin === null || stdin.writableEnded) return;
    if (this.options.isTerminal) stdin.end(END_OF_INPUT);
    else stdin.end();
  }

  private goneWithin(ms: number): Promise<void> {
    if (this.seenGone) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.onGone = () => {
        clearTimeout(timer);
        resolve();
      };
      this.marked.once('close', () => this.onGone());
    });
  }
}
