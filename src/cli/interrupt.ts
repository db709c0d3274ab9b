import type { Sink } from '../core/events.js';
import { EXIT } from '../core/exit-code.js';
import { nowMs } from '../ssh/now.js';
import type { InterruptName, Io } from './io.js';

const INTERRUPT_CODES: Readonly<Record<InterruptName, number>> = {
  SIGINT: EXIT.interrupt,
  SIGTERM: EXIT.terminate,
  SIGHUP: EXIT.hangup,
};
const SECOND_CHANCE_MS = 1_000;
const MOST_SHOWN = 20;

/** How an interrupt speaks and leaves, past what is being shown. */
export interface InterruptWay {
  tell(text: string): void;
  leave(code: number): void;
}

/**
 * What ends a run early. On a terminal the first ^C tells which hosts still run, a second within a second
 * cancels; elsewhere, and for TERM and HUP, the first cancels. One more after the cancel leaves at once.
 */
export class Interrupts {
  private readonly controller = new AbortController();
  private readonly stop: () => void;
  private lastAsk = Number.NEGATIVE_INFINITY;
  /** Set once, by whatever ended the run early. */
  exitCode: number | null = null;

  constructor(
    private readonly io: Io,
    private readonly running: () => readonly string[],
    private readonly way: InterruptWay,
  ) {
    this.stop = io.onInterrupt((name) => this.handle(name));
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Cancels the run; the first reason decides the exit code. */
  cancel(exitCode: number): void {
    this.exitCode ??= exitCode;
    this.controller.abort();
  }

  dispose(): void {
    this.stop();
  }

  private handle(name: InterruptName): void {
    const code = INTERRUPT_CODES[name];
    if (this.signal.aborted) {
      this.way.leave(this.exitCode ?? code);
      return;
    }
    const now = nowMs();
    const asks = name === 'SIGINT' && this.io.stderr.isTTY === true && now - this.lastAsk > SECOND_CHANCE_MS;
    if (!asks) {
      this.cancel(code);
      return;
    }
    this.lastAsk = now;
    const hosts = this.running();
    const shown = hosts.slice(0, MOST_SHOWN).join(',');
    const more = hosts.length > MOST_SHOWN ? ` and ${hosts.length - MOST_SHOWN} more` : '';
    this.way.tell(
      `\npssh-ts: still running on ${shown || 'no host'}${more}; ^C again within a second cancels\n`,
    );
  }
}

/** Work that an interrupt gives up. */
export interface Interruptible {
  readonly signal: AbortSignal;
  /** The exit code of the first interrupt; null: there was none. */
  code(): number | null;
  /** Interrupts are the system's again. */
  stop(): void;
}

/** @param onAgain called at each further interrupt with the code of the first. @default nothing: the end is awaited */
export function interruptible(io: Io, onAgain: (code: number) => void = () => undefined): Interruptible {
  const controller = new AbortController();
  let code: number | null = null;
  const stop = io.onInterrupt((name) => {
    if (code !== null) return onAgain(code);
    code = INTERRUPT_CODES[name];
    controller.abort(new Error(`given up by ${name}`));
  });
  return { signal: controller.signal, code: () => code, stop };
}

/** Keeps the names of the hosts that are being worked on. */
export class RunningSink implements Sink {
  private readonly labels = new Set<string>();

  event: Sink['event'] = (event) => {
    if (event.type === 'connecting' || event.type === 'started') this.labels.add(event.target.label);
    else if (event.type === 'finished') this.labels.delete(event.target.label);
  };

  list(): readonly string[] {
    return [...this.labels];
  }
}
