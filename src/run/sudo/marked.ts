import { Transform, type TransformCallback } from 'node:stream';
import { MISSING, PROMPT, type SudoMarks } from './outer-script.js';

// What sudo says before it starts anything, as far as it is of use in an error.
const MOST_HELD = 64 * 1024;
// A login shell's start files may talk before anybody reads.
const BUFFERED = 1024 * 1024;

/** What the login's shell tells before it starts sudo. */
export interface LoginFacts {
  readonly fifo: string;
  readonly locale: string;
  readonly terminal: string;
  readonly login: string;
}

export interface MarkListener {
  facts(facts: LoginFacts): void;
  /** Sudo asks for a password, for the nth time. */
  asked(times: number): void;
  /** Sudo has started our shell. */
  started(): void;
  /** It runs the command (true), or waits for a word as it can't watch it. */
  ready(watched: boolean): void;
  /** It has ended the command and saw that nothing is left. */
  gone(): void;
}

/** Who has to do something next. */
export type Stage = 'login' | 'sudo' | 'shell';

/** How far the start has come. */
type Phase = 'login' | 'facts' | 'sudo' | 'shell' | 'command';

/**
 * The stream that the marks come on: acts on them and takes them out, along with what sudo says before the command
 * is started.
 */
export class Marked extends Transform {
  private phase: Phase = 'login';
  private held: Buffer = Buffer.alloc(0);
  private prompts = 0;
  /** What sudo said, for an error. */
  words = '';

  constructor(
    private readonly marks: SudoMarks,
    private readonly listener: MarkListener,
  ) {
    super({ highWaterMark: BUFFERED });
  }

  /** Whether the host has begun with it at all. */
  get begun(): boolean {
    return this.phase !== 'login';
  }

  get stage(): Stage {
    if (this.phase === 'login' || this.phase === 'facts') return 'login';
    return this.phase === 'sudo' ? 'sudo' : 'shell';
  }

  get missing(): boolean {
    return this.words.includes(`${this.marks.talk}${MISSING}`);
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    while (this.step());
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.phase === 'login' || this.phase === 'command') this.pass(this.held.length);
    else this.words += this.held.toString('utf8');
    done();
  }

  /** @returns whether there may be more to do */
  private step(): boolean {
    const { talk, started, inner } = this.marks;
    switch (this.phase) {
      case 'login':
        return this.upTo(`${talk} begin`, () => {
          this.phase = 'facts';
        });
      case 'facts':
        return this.takeFacts();
      case 'sudo':
        return this.takeSudo(started);
      case 'shell': {
        const [line, rest] = this.line(`${inner} `);
        if (line === null) return false;
        this.held = rest;
        this.phase = 'command';
        this.listener.ready(line === 'watched');
        return true;
      }
      case 'command':
        return this.upTo(`${inner} gone`, () => this.listener.gone());
    }
  }

  /** Passes what comes before a line, and takes that line away. */
  private upTo(text: string, found: () => void): boolean {
    const place = this.held.indexOf(text);
    if (place === -1) {
      this.pass(this.held.length - partAtEnd(this.held, text));
      return false;
    }
    const end = this.held.indexOf('\n', place);
    if (end === -1) {
      this.pass(place);
      return false;
    }
    this.pass(place);
    this.held = this.held.subarray(end - place + 1);
    found();
    return true;
  }

  private takeFacts(): boolean {
    const lines = this.held.toString('utf8').split(/\r?\n/);
    // Where there is no sudo that is the first line.
    if (lines[0] === `${this.marks.talk}${MISSING}`) {
      this.phase = 'sudo';
      return true;
    }
    const [fifo, locale, terminal, login] = lines;
    if (lines.length < 5 || fifo === undefined || login === undefined) return false;
    let end = -1;
    for (let count = 0; count < 4; count += 1) end = this.held.indexOf('\n', end + 1);
    this.held = this.held.subarray(end + 1);
    this.phase = 'sudo';
    this.listener.facts({ fifo, locale: locale ?? '', terminal: terminal ?? '', login });
    return true;
  }

  private takeSudo(started: string): boolean {
    const place = this.held.indexOf(started);
    const end = place === -1 ? -1 : this.held.indexOf('\n', place);
    const said = this.held.subarray(0, place === -1 ? this.held.length : place).toString('utf8');
    const prompts = said.split(`${this.marks.talk}${PROMPT}`).length - 1;
    this.words = said;
    if (end !== -1) {
      this.held = this.held.subarray(end + 1);
      this.phase = 'shell';
      this.listener.started();
      return true;
    }
    // Its end may be the beginning of a mark; the beginning is a lecture.
    this.held = this.held.subarray(-MOST_HELD);
    if (prompts > this.prompts) {
      this.prompts = prompts;
      this.listener.asked(prompts);
    }
    return false;
  }

  private line(before: string): [line: string | null, rest: Buffer] {
    const place = this.held.indexOf(before);
    const end = place === -1 ? -1 : this.held.indexOf('\n', place);
    if (end === -1) return [null, this.held];
    const line = this.held
      .subarray(place + before.length, end)
      .toString('utf8')
      .trim();
    return [line, this.held.subarray(end + 1)];
  }

  private pass(bytes: number): void {
    if (bytes > 0) this.push(this.held.subarray(0, bytes));
    this.held = this.held.subarray(bytes);
  }
}

/** How many bytes at the end may be the beginning of a text. */
function partAtEnd(bytes: Buffer, text: string): number {
  for (let length = Math.min(text.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).toString('latin1') === text.slice(0, length)) return length;
  }
  return 0;
}
