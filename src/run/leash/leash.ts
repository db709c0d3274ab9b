import type { Channel, Connection } from '../../transport/transport.js';

const HELLO_MS = 5_000;
const ANSWER_MS = 3_000;
const POLL_MS = 60;
const AFTER_KILL_MS = 2_000;
const CLOSE_MS = 1_000;
// Some may come late: the network is slow, or we are busy.
const BEATS_A_SILENCE = 4;

export interface LeashOptions {
  /** What its remote end runs. */
  readonly command: string;
  /** Without a word of ours for this long the remote end takes the network for lost. */
  readonly silenceMs: number;
}

/**
 * A second session on a host's connection that ends the command's processes: when we say so, and by itself when
 * the connection is gone, because we or the master died, or the network is.
 */
export class Leash {
  private text = '';
  private waiting: ((line: string | null) => void) | null = null;
  private readonly lines: string[] = [];
  private ended = false;
  private beat: NodeJS.Timeout | undefined;
  /** The remote end heard nothing of us for too long, and has ended the command. */
  lost = false;

  private constructor(private readonly channel: Channel) {
    channel.stdout.on('data', (chunk: Buffer) => this.take(chunk.toString('latin1')));
    channel.stdout.on('close', () => this.finish());
    channel.stdout.on('error', () => this.finish());
    channel.stderr.resume();
    channel.stderr.on('error', () => undefined);
    channel.stdin?.on('error', () => undefined);
  }

  /**
   * Null: the host gives no second session, what answers is not the leash (a forced command), or it is not wanted
   * any more. One that is returned knows what runs now, and ends it when the connection is gone.
   */
  static async open(
    connection: Connection,
    { command, silenceMs }: LeashOptions,
    signal: AbortSignal,
    unwanted: AbortSignal,
  ): Promise<Leash | null> {
    let channel: Channel;
    try {
      // The session that it would wait for is the command's own.
      channel = await connection.open(command, { stdin: 'pipe', signal, wait: false });
    } catch {
      return null;
    }
    channel.exited.catch(() => undefined);
    const leash = new Leash(channel);
    const stop = (): void => leash.waiting?.(null);
    unwanted.addEventListener('abort', stop, { once: true });
    const isThere = await leash.hello(unwanted);
    unwanted.removeEventListener('abort', stop);
    if (isThere) {
      leash.beat = setInterval(() => leash.say('b'), silenceMs / BEATS_A_SILENCE);
      return leash;
    }
    // It may only be slow to start: without a word it would take the end of its input for our death.
    leash.release();
    await leash.closed();
    return null;
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

  /** No answer came in time: it goes on by itself, as when we die. */
  leaveToItself(): void {
    clearInterval(this.beat);
    this.channel.stdin?.end();
  }

  /** Ends the leash; what it watched is left as it is. */
  release(): void {
    clearInterval(this.beat);
    if (this.ended || this.channel.stdin?.writableEnded !== false) return;
    this.channel.stdin.end('q\n');
    this.channel.exited.then(
      () => undefined,
      () => undefined,
    );
  }

  /** Waits until the leash has gone by itself, at most for a moment; then lets its channel go. */
  async closed(ms = CLOSE_MS): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.channel.close();
        resolve();
      }, ms);
      const gone = (): void => {
        // A timer that is left would keep the process from ending.
        clearTimeout(timer);
        resolve();
      };
      this.channel.exited.then(gone, gone);
    });
  }

  private async hello(unwanted: AbortSignal): Promise<boolean> {
    // A forced command, or a login shell that talks first, may say anything; ours is the line that fits.
    for (let tries = 0; tries < 20 && !unwanted.aborted; tries += 1) {
      const line = await this.line(HELLO_MS);
      if (line === null) return false;
      if (line === 'leash waits') this.say('go');
      if (/^leash \d+$/.test(line)) return true;
    }
    return false;
  }

  /** @param question asked again and again; what it counts must come to nothing */
  private async emptyWithin(ms: number, question = 'l'): Promise<boolean> {
    const deadline = performance.now() + ms;
    for (;;) {
      const count = await this.count(question);
      if (count === null) return false;
      if (count === 0) return true;
      if (performance.now() >= deadline) return false;
      await after(POLL_MS, undefined);
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

  private say(word: string): void {
    const { stdin } = this.channel;
    if (stdin?.writable === true) stdin.write(`${word}\n`);
  }

  private line(ms: number): Promise<string | null> {
    const ready = this.lines.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.ended) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.waiting?.(null), ms);
      this.waiting = (line) => {
        clearTimeout(timer);
        this.waiting = null;
        resolve(line);
      };
    });
  }

  private take(text: string): void {
    // Nobody's answer is longer; a forced command may be.
    this.text = (this.text + text).slice(-10_000);
    for (let end = this.text.indexOf('\n'); end !== -1; end = this.text.indexOf('\n')) {
      const line = this.text.slice(0, end).trim();
      this.text = this.text.slice(end + 1);
      if (line === 'lost') this.lost = true;
      else if (this.waiting !== null) this.waiting(line);
      else if (this.lines.length < 100) this.lines.push(line);
    }
  }

  private finish(): void {
    this.ended = true;
    clearInterval(this.beat);
    this.waiting?.(null);
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(value), ms);
  });
}
