import path from 'node:path';
import type { Exit } from '../core/channel.js';
import { PsshError } from '../core/errors.js';
import type { Pty } from '../core/options.js';
import type { Master, MasterPool } from '../master/pool.js';
import { sessionArgs } from '../ssh/argv.js';
import { isGranted, isGreeted, sessionEnd } from '../ssh/diagnose.js';
import { watchLog } from '../ssh/log-watch.js';
import { type LoggedSsh, outputBeside, type SshEnd, startLoggedSsh } from './logged-ssh.js';
import { notOpened, Slots } from './mux/slots.js';
import { type Channel, type Connection, LOST, type OpenOptions, type Transport } from './transport.js';
import { type Watched, watchMaster } from './watch.js';

// For the master's answer to the opening of a session, and for what is left of that once nobody wants it any more.
const ANSWER_DEADLINE_MS = 30_000;
const UNWANTED_DEADLINE_MS = 2_000;
const LEASHES = 1;

/**
 * `ssh -S`: a process of the system's ssh for each command, over a live master. A session that the server refuses
 * costs nothing here, so the first number tried is without a bound, and lowered to what was granted.
 */
export const processTransport: Transport = createProcessTransport();

type Refusal = { readonly reason: string; readonly busy: boolean };

/** What all users of one master share. */
interface Sessions {
  readonly slots: Slots;
  /** Sessions that the master was asked for; null: given. */
  readonly asked: Set<Promise<Refusal | null>>;
  readonly running: Set<LoggedSsh>;
  /** The master was ended. */
  spent: boolean;
}

function createProcessTransport(): Transport {
  const pools = new WeakMap<MasterPool, Map<string, Sessions>>();
  // By the control path: hosts of several names may share a master of the user's own.
  const sessionsOf = ({ controlPath }: Master, pool: MasterPool): Sessions => {
    const masters = pools.get(pool) ?? new Map<string, Sessions>();
    pools.set(pool, masters);
    const known = masters.get(controlPath);
    if (known?.spent === false) return known;
    const made: Sessions = {
      slots: new Slots(Number.POSITIVE_INFINITY),
      asked: new Set(),
      running: new Set(),
      spent: false,
    };
    masters.set(controlPath, made);
    return made;
  };
  return {
    kind: 'process',
    connect: async (master, pool, signal) => {
      signal.throwIfAborted();
      // Of a dead one ssh would only say that it can't log in.
      await pool.ask(master);
      return new ProcessConnection(master, pool, sessionsOf(master, pool));
    },
  };
}

/**
 * Over a master, an ssh without a terminal of its own asks for one of no size and with every mode off; a login of
 * its own would leave both to the server. What is typed before stty has run is read as it came: a ^D is no end then.
 */
function withTerminal(command: string, { columns, rows, bare }: Pty): string {
  return bare ? command : `stty sane ixon -brkint -imaxbel 38400 rows ${rows} cols ${columns}\n${command}`;
}

class ProcessConnection implements Connection, Watched {
  readonly kind = 'process';
  private readonly running = new Set<LoggedSsh>();
  private readonly stopWatching: () => void;
  /** Why all was given up. */
  private given: string | null = null;

  constructor(
    private readonly master: Master,
    private readonly pool: MasterPool,
    private readonly sessions: Sessions,
  ) {
    this.stopWatching = watchMaster(this, master.controlPath);
  }

  get poisoned(): boolean {
    return this.given !== null || this.spent;
  }

  get spent(): boolean {
    return this.sessions.spent;
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  get mostSessions(): number {
    return this.sessions.slots.most;
  }

  /** What the host sends passes by us. */
  heard(): boolean {
    return false;
  }

  /** An ssh waits for a stopped master for ever. */
  fail(_code: 'ERR_MASTER', reason: string): void {
    this.given = reason;
    this.endAll();
  }

  async open(command: string, options: OpenOptions): Promise<Channel> {
    const { label } = this;
    const { slots, asked } = this.sessions;
    const ticket = slots.ticket();
    for (let tries = 0; ; tries += 1) {
      if (options.wait === false && (tries > 0 || slots.free === 0)) {
        throw notOpened('the host has no session left', label);
      }
      await slots.acquire(this, label, ticket, options.signal);
      const ssh = await this.start(command, options).catch((error: unknown) => {
        slots.lost();
        throw error;
      });
      const answer = this.refusal(ssh, options.signal).then((refused) => {
        asked.delete(answer);
        if (refused === null) slots.granted();
        return refused;
      });
      asked.add(answer);
      const refused = await answer;
      if (refused === null) return this.channelOf(ssh, options.pty !== undefined);
      // Each answer comes by a process of its own: how many were granted is known once all are there.
      await Promise.allSettled(asked);
      const again = refused.busy && slots.refused(tries);
      if (!refused.busy) slots.lost();
      if (!again) throw notOpened(refused.reason, label);
    }
  }

  async close(): Promise<void> {
    this.stopWatching();
    this.sessions.slots.fail(notOpened('the connection was closed', this.label), this);
    this.endAll();
  }

  private endAll(): void {
    for (const ssh of this.running) ssh.kill();
  }

  private get label(): string {
    return this.master.target.label;
  }

  private async start(command: string, { stdin, pty }: OpenOptions): Promise<LoggedSsh> {
    if (this.sessions.spent) throw notOpened('the connection was let go', this.label);
    const { target, connection, controlPath } = this.master;
    const text = pty === undefined ? command : withTerminal(command, pty);
    const tty = pty !== undefined;
    const argsFor = (logPath: string): string[] =>
      sessionArgs({ target, connection, controlPath, logPath, command: text, tty });
    const ssh = await startLoggedSsh(this.pool, argsFor, { stdin, term: pty?.term });
    for (const running of [this.running, this.sessions.running]) {
      running.add(ssh);
      void ssh.ended.then(() => running.delete(ssh));
    }
    return ssh;
  }

  /** Waits for the master's answer. Null: the command was sent, or may have been. */
  private async refusal(ssh: LoggedSsh, signal: AbortSignal | undefined): Promise<Refusal | null> {
    const answer = new AbortController();
    const giveUp = (): void => answer.abort();
    let timer = setTimeout(giveUp, ANSWER_DEADLINE_MS);
    const onAbort = (): void => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, UNWANTED_DEADLINE_MS);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    try {
      const find = (log: string): string | null => (isGranted(log) ? log : null);
      if ((await watchLog(ssh.logPath, find, ssh.ended, answer.signal)) !== null) return null;
      if (answer.signal.aborted) {
        const asked = await watchLog(ssh.logPath, (log) => log, ssh.ended, answer.signal);
        // A master that has not even greeted was asked for nothing; a log that is empty says nothing (a full disk).
        if (asked === null || asked === '' || isGreeted(asked)) return null;
        ssh.kill();
        return { reason: 'the master does not answer', busy: false };
      }
      const end = sessionEnd((await ssh.ended).log);
      return end.kind === 'refused' ? end : null;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private channelOf(ssh: LoggedSsh, tty: boolean): Channel {
    const exited = ssh.ended.then((end) => {
      this.sessions.slots.releaseLater();
      return this.readEnd(end);
    });
    // Whoever opened the channel awaits it; until then a failure must not count as unhandled.
    exited.catch(() => undefined);
    const { stdin, stdout } = ssh;
    const channel: Channel = {
      stdin,
      stdout,
      stderr: outputBeside(ssh, tty),
      exited,
      close: () => ssh.kill(),
    };
    return this.master.users ? channel : { ...channel, letGo: (before) => this.letGo(ssh, before) };
  }

  /** Of an ssh that waits for its output alone the end of the master is the only thing that makes it tell the status. */
  private async letGo(ssh: LoggedSsh, before: () => Promise<void>): Promise<boolean> {
    const { asked, running } = this.sessions;
    if (asked.size > 0 || running.size > 1 + LEASHES || !running.has(ssh)) return false;
    this.sessions.spent = true;
    this.stopWatching();
    await before();
    await this.pool.endMaster(this.master);
    return true;
  }

  private async readEnd({ log, signal }: SshEnd): Promise<Exit> {
    const end = sessionEnd(log);
    const target = this.label;
    if (end.kind === 'status') return { status: end.status };
    if (this.given !== null) throw new PsshError('ERR_DISCONNECTED', `${LOST} (${this.given})`, { target });
    switch (end.kind) {
      case 'refused':
        throw notOpened(end.reason, target);
      case 'unknown':
        throw new PsshError(
          'ERR_DISCONNECTED',
          `ssh's log in ${path.dirname(this.master.controlPath)} does not say how the command ended (is the disk full?)`,
          { target },
        );
      case 'no-status':
        if (signal !== null) {
          throw new PsshError(
            'ERR_DISCONNECTED',
            `the local ssh was killed by ${signal} while the command ran`,
            { target },
          );
        }
        if (await this.pool.isAlive(this.master)) return { signal: null };
        throw new PsshError('ERR_DISCONNECTED', LOST, { target });
    }
  }
}
