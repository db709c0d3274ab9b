import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { PsshError } from '../core/errors.js';
import { Clock } from '../master/clock.js';
import { ConnectFailure } from '../master/login.js';
import type { Master, MasterPool } from '../master/pool.js';
import { pauseBeforeRetry } from '../master/retry-pause.js';
import { plainArgs } from '../ssh/argv.js';
import type { LoginQuestions } from '../ssh/askpass.js';
import { type Diagnosis, diagnose, isRefused, lastLine, plainEnd, plainProgress } from '../ssh/diagnose.js';
import { knownKeyAt } from '../ssh/known-keys.js';
import { watchLog } from '../ssh/log-watch.js';
import type { ProofOutcome } from '../ssh/password-proof.js';
import { type ResolvedConfig, resolveConfig } from '../ssh/resolve.js';
import { unsetOptions } from '../ssh/unset-options.js';
import { AfterMark } from './after-mark.js';
import { type LoggedSsh, outputBeside, startLoggedSsh } from './logged-ssh.js';
import { notOpened } from './mux/slots.js';
import { type Channel, type Connection, type OpenOptions, type Transport, UNSENT } from './transport.js';

// The mark stands in the pipe before the command is sent, unless the user's shell is one that runs nothing.
const MARK_MS = 100;
const NEVER = new AbortController().signal;

/** `--no-mux`: an `ssh HOST COMMAND` for each command, with a login of its own and no master. */
export const plainTransport: Transport = {
  kind: 'plain',
  connect: async (master, pool) => new PlainConnection(master, pool),
};

/** Logged in, and no command was sent: the host refused a session, or the connection was lost, which may pass. */
function notSent(log: string): Diagnosis {
  const retry = !isRefused(log);
  const reason = lastLine(log) ?? UNSENT;
  return { status: 'unreachable', code: 'ERR_CHANNEL_OPEN', reason, retry };
}

class PlainConnection implements Connection {
  readonly kind = 'plain';
  readonly reason = '--no-mux';
  private readonly running = new Set<LoggedSsh>();
  private resolved: ResolvedConfig | null = null;

  constructor(
    private readonly master: Master,
    private readonly pool: MasterPool,
  ) {}

  /**
   * Logs in and sends the command, again where the server dropped the connection before the login was done, all
   * within the connect timeout.
   */
  async open(command: string, options: OpenOptions): Promise<Channel> {
    const { target, connection } = this.master;
    const outer = options.signal ?? NEVER;
    await this.pool.askpass?.prepare();
    const clock = new Clock(outer, connection.connectTimeoutMs);
    const tries = { made: 0, said: null as string | null };
    try {
      for (;;) {
        clock.signal.throwIfAborted();
        const made = await this.attempt(command, options, clock.signal, tries);
        if ('exited' in made) return { ...made, attempts: tries.made };
        tries.said = made.reason;
        if (!made.retry || tries.made > connection.connectRetries)
          throw new ConnectFailure(target, made.status, made.code, made.reason, tries.made);
        await pauseBeforeRetry(tries.made, clock.signal);
      }
    } catch (error) {
      if (outer.aborted) throw notOpened('given up before the command was sent', target.label, outer.reason);
      if (!clock.expired) throw error;
      const reason = `not connected within ${connection.connectTimeoutMs / 1000}s${tries.said === null ? '' : ` (${tries.said})`}`;
      throw new ConnectFailure(target, 'unreachable', 'ERR_CONNECT_TIMEOUT', reason, tries.made);
    } finally {
      clock.stop();
    }
  }

  async close(): Promise<void> {
    for (const ssh of this.running) ssh.kill();
  }

  private async attempt(
    command: string,
    options: OpenOptions,
    signal: AbortSignal,
    tries: { made: number; said: string | null },
  ): Promise<Channel | Diagnosis> {
    const { target, connection } = this.master;
    this.resolved ??= await resolveConfig(target, connection, signal);
    const { resolved } = this;
    const questions = this.pool.askpass?.questionsOf({ target, resolved, isJump: false });
    let ended: ProofOutcome = 'failed';
    try {
      const made = await this.attemptAsked(command, options, signal, tries, questions);
      // A session that is refused comes after the login.
      if ('exited' in made || made.code === 'ERR_CHANNEL_OPEN') ended = 'right';
      return 'exited' in made ? made : (questions?.judge(made) ?? made);
    } finally {
      if (options.signal?.aborted === true) ended = 'canceled';
      else if (signal.aborted) tries.said = questions?.waitsFor ?? tries.said;
      questions?.settle(ended);
    }
  }

  private async attemptAsked(
    command: string,
    options: OpenOptions,
    signal: AbortSignal,
    tries: { made: number; said: string | null },
    questions: LoginQuestions | undefined,
  ): Promise<Channel | Diagnosis> {
    const { target, connection } = this.master;
    this.resolved ??= await resolveConfig(target, connection, signal);
    const unset = unsetOptions(this.resolved);
    const mark = randomBytes(9).toString('hex');
    tries.made += 1;
    options.onAttempt?.(tries.made);
    const stderr = new AfterMark(mark);
    const tty = options.pty !== undefined;
    const { stdin, pty } = options;
    // An ssh without a terminal of its own asks for one of no size.
    const text =
      pty === undefined || pty.bare ? command : `stty rows ${pty.rows} cols ${pty.columns}\n${command}`;
    const { options: asks, env } = questions?.asking ?? {};
    const login = { target, connection, unset, ...(asks === undefined ? {} : { asks }) };
    const argsFor = (logPath: string): string[] => plainArgs({ ...login, logPath, mark, command: text, tty });
    const started = { stdin, term: pty?.term, filter: stderr, ...(env === undefined ? {} : { env }) };
    const ssh = await startLoggedSsh(this.pool, argsFor, started);
    this.running.add(ssh);
    void ssh.ended.then(() => this.running.delete(ssh));
    const find = (log: string): 'sent' | null => {
      const progress = plainProgress(log);
      tries.said = progress === 'connecting' ? lastLine(log) : null;
      return progress === 'sent' ? progress : null;
    };
    if ((await watchLog(ssh.logPath, find, ssh.ended, signal)) === null) {
      if (signal.aborted) {
        ssh.kill();
        // It may have been sent in the very moment it was given up.
        if (plainProgress((await ssh.ended).log) !== 'sent') signal.throwIfAborted();
      }
      const { log } = await ssh.ended;
      const progress = plainProgress(log);
      if (progress === 'connecting') return diagnose(log, knownKeyAt);
      if (progress === 'connected') return notSent(log);
    }
    await Promise.race([stderr.seen, pause(MARK_MS)]);
    stderr.pass();
    return this.channelOf(ssh, tty);
  }

  private channelOf(ssh: LoggedSsh, tty: boolean): Channel {
    const target = this.master.target.label;
    const exited = ssh.ended.then(({ code, signal, log }) => {
      const exit = plainEnd(log, code);
      if (exit !== null) return exit;
      const reason =
        signal === null
          ? 'the connection was lost while the command ran'
          : `the local ssh was killed by ${signal} while the command ran`;
      throw new PsshError('ERR_DISCONNECTED', reason, { target });
    });
    // Whoever opened the channel awaits it; until then a failure must not count as unhandled.
    exited.catch(() => undefined);
    const { stdin, stdout } = ssh;
    return { stdin, stdout, stderr: outputBeside(ssh, tty), exited, close: () => ssh.kill() };
  }
}
