import type { Channel, Connection } from '../../transport/transport.js';

const HELLO_MS = 5_000;
const CLOSE_MS = 1_000;
// Some may come late: the network is slow, or we are busy.
const BEATS_A_SILENCE = 4;

export interface LeashOptions {
  /** What its remote end runs. */
  readonly command: string;
  /** Without a word of ours for this long the remote end takes the network for lost. */
  readonly silenceMs: number;
  /** By what a leash knows the commands that it is for; null: all of its connection are. */
  readonly mark: string | null;
}

/** The talk with the remote end of a leash: words to it, lines from it. */
export class LeashTalk {
  private text = '';
  private waiting: ((line: string | null) => void) | null = null;
  private readonly lines: string[] = [];
  private beat: NodeJS.Timeout | undefined;
  protected ended = false;
  /** The remote end heard nothing of us for too long, and has ended what it watched. */
  lost = false;

  protected constructor(private readonly channel: Channel) {
    channel.stdout.on('data', (chunk: Buffer) => this.take(chunk.toString('latin1')));
    channel.stdout.on('close', () => this.finish());
    channel.stdout.on('error', () => this.finish());
    channel.stderr.resume();
    channel.stderr.on('error', () => undefined);
    channel.stdin?.on('error', () => undefined);
    channel.exited.catch(() => undefined);
  }

  /** @throws where the host gives no second session */
  protected static session(connection: Connection, command: string, signal: AbortSignal): Promise<Channel> {
    // The session that it would wait for is a command's own.
    return connection.open(command, { stdin: 'pipe', signal, wait: false });
  }

  /** The remote end knows what runs now, and ends it when the connection is gone. */
  get armed(): boolean {
    return !this.ended;
  }

  /** False: what answers is not the leash (a forced command), or it is not wanted any more; it is let go then. */
  protected async arm({ mark, silenceMs }: LeashOptions, unwanted: AbortSignal): Promise<boolean> {
    if (mark !== null) this.say(mark);
    const stop = (): void => this.waiting?.(null);
    unwanted.addEventListener('abort', stop, { once: true });
    const isThere = await this.hello(unwanted);
    unwanted.removeEventListener('abort', stop);
    if (isThere) {
      this.beat = setInterval(() => this.say('b'), silenceMs / BEATS_A_SILENCE);
      return true;
    }
    // It may only be slow to start: without a word it would take the end of its input for our death.
    this.release();
    await this.closed();
    return false;
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

  protected say(word: string): void {
    const { stdin } = this.channel;
    if (stdin?.writable === true) stdin.write(`${word}\n`);
  }

  protected line(ms: number): Promise<string | null> {
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

  /** @returns whether it was meant for somebody who waits for more than the next line */
  protected answer(_line: string): boolean {
    return false;
  }

  protected finish(): void {
    this.ended = true;
    clearInterval(this.beat);
    this.waiting?.(null);
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

  private take(text: string): void {
    // Nobody's answer is longer; a forced command may be.
    this.text = (this.text + text).slice(-10_000);
    for (let end = this.text.indexOf('\n'); end !== -1; end = this.text.indexOf('\n')) {
      const line = this.text.slice(0, end).trim();
      this.text = this.text.slice(end + 1);
      if (line === 'lost') this.lost = true;
      else if (this.answer(line)) continue;
      else if (this.waiting !== null) this.waiting(line);
      else if (this.lines.length < 100) this.lines.push(line);
    }
  }
}
