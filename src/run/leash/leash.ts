import type { Channel, Connection } from '../../transport/transport.js';

const HELLO_MS = 5_000;
const ANSWER_MS = 3_000;
const POLL_MS = 60;
const AFTER_KILL_MS = 2_000;

/**
 * A second session on a host's connection that ends the command's processes: when we say so, and by itself when
 * the connection is gone, because we or the master died.
 */
export class Leash {
  private text = '';
  private waiting: ((line: string | null) => void) | null = null;
  private readonly lines: string[] = [];
  private ended = false;

  private constructor(private readonly channel: Channel) {
    channel.stdout.on('data', (chunk: Buffer) => this.take(chunk.toString('latin1')));
    channel.stdout.on('close', () => this.finish());
    channel.stdout.on('error', () => this.finish());
    channel.stderr.resume();
    channel.stderr.on('error', () => undefined);
    channel.stdin?.on('error', () => undefined);
  }

  /** Null: the host gives no second session, or what answers is not the leash (a forced command). */
  static async open(connection: Connection, command: string, signal: AbortSignal): Promise<Leash | null> {
    let channel: Channel;
    try {
      // The session that it would wait for is the command's own.
      channel = await connection.open(command, { stdin: 'pipe', signal, wait: false });
    } catch {
      return null;
    }
    channel.exited.catch(() => undefined);
    const leash = new Leash(channel);
    // A forced command, or a login shell that talks first, may say anything; ours is the line that fits.
    for (let tries = 0; tries < 20; tries += 1) {
      const line = await leash.line(HELLO_MS);
      if (line === null) break;
      if (/^leash \d+$/.test(line)) return leash;
    }
    channel.close();
    return null;
  }

  /** Learns the sessions that run now. False: it could not, and would kill nothing. */
  async arm(): Promise<boolean> {
    const answer = await this.ask('a');
    return answer !== null && /^ok \d/.test(answer);
  }

  /**
   * TERM to every process of the command's session, after the grace KILL.
   * @returns confirmed only when the session was seen to be empty
   */
  async kill(graceMs: number): Promise<'confirmed' | 'unknown'> {
    if ((await this.count('s TERM')) === null) return 'unknown';
    if (await this.emptyWithin(graceMs)) return 'confirmed';
    if ((await this.count('s KILL')) === null) return 'unknown';
    return (await this.emptyWithin(AFTER_KILL_MS)) ? 'confirmed' : 'unknown';
  }

  /** Ends the leash; what it watched is left as it is. */
  release(): void {
    if (this.ended) return;
    this.channel.stdin?.end('q\n');
    this.channel.exited.then(
      () => undefined,
      () => undefined,
    );
  }

  /** Waits until the leash has gone by itself, at most for a moment; then lets its channel go. */
  async closed(ms: number): Promise<void> {
    const gone = this.channel.exited.then(
      () => true,
      () => true,
    );
    if (!(await Promise.race([gone, after(ms, false)]))) this.channel.close();
  }

  private async emptyWithin(ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    for (;;) {
      const count = await this.count('l');
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
    this.channel.stdin?.write(`${command}\n`);
    return this.line(ANSWER_MS);
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
      if (this.waiting !== null) this.waiting(line);
      else if (this.lines.length < 100) this.lines.push(line);
    }
  }

  private finish(): void {
    this.ended = true;
    this.waiting?.(null);
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(value), ms);
  });
}
