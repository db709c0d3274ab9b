import type { Readable, Writable } from 'node:stream';
import type { CommandEvent, CommandResult } from './core/command-result.js';
import type { Target } from './core/target.js';
import type { TransferResult } from './core/transfer-result.js';
import type { GetOptions, PutOptions } from './library/file-options.js';
import { Host } from './library/host.js';
import { linkSignals } from './library/link-signals.js';
import {
  type CommandOptions,
  type MachineOptions,
  resolveCommand,
  resolveConnect,
} from './library/options.js';
import { type HostsRun, runHosts, streamHosts } from './library/run-hosts.js';
import { Session } from './library/session.js';
import { resolveSudo } from './library/sudo.js';
import { type HostSpec, targetOf } from './library/targets.js';
import { commandOf, type TemplateValue } from './library/template.js';
import { destAndOptions, getFromHost, putToHosts } from './library/transfer-hosts.js';
import { planCommands } from './run/plan.js';
import { runSignal } from './run/run-signal.js';
import { startProcess } from './run/start-process.js';

/** What {@link Machine.spawn} takes; input is written to its stdin, and there are no events. */
export type SpawnOptions = Pick<
  CommandOptions,
  | 'signal'
  | 'timeout'
  | 'deadline'
  | 'env'
  | 'cwd'
  | 'sudo'
  | 'sudoUser'
  | 'sudoPassword'
  | 'killGrace'
  | 'onDisconnect'
>;

/** A command that runs on a machine. Read both outputs, or `resume()` them: one that is left lying stops the other. */
export interface RemoteProcess extends AsyncDisposable {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** How it ended. Never rejects. The result holds no output: that is the streams'. */
  readonly exited: Promise<CommandResult>;
  /** Ends it on the machine, children and all, and waits until it has ended; its status is `canceled`. */
  kill(): Promise<CommandResult>;
}

/** Internal: a machine's host. Not among the public names. */
export let hostOf: (machine: Machine) => Host;
/** Internal: a machine of a cluster. Not among the public names. */
export let machineOf: (host: Host, options: MachineOptions) => Machine;

/**
 * One machine, over the system's own ssh: every alias, key, agent, ProxyJump and known_hosts rule that works with
 * `ssh HOST` works here.
 *
 *     await using web1 = new Machine('deploy@web1');
 *     const { status, stdout } = await web1.execute('uptime');
 */
export class Machine implements AsyncDisposable {
  readonly #host: Host;
  readonly #options: MachineOptions;

  static {
    hostOf = (machine) => machine.#host;
    machineOf = (host, options) => new Machine(host, options);
  }

  /**
   * Connects to nothing yet.
   * @param host as on the command line: `web1`, `deploy@web1:2222`, `ssh://deploy@web1`; or its parts
   * @throws PsshError ERR_USAGE
   */
  constructor(host: string | HostSpec, options: MachineOptions = {}) {
    this.#options = options;
    if (host instanceof Host) {
      this.#host = host;
      return;
    }
    const connection = resolveConnect(options);
    this.#host = new Host(targetOf(host, connection), new Session(connection), true);
  }

  /** The machine as it was written. */
  get name(): string {
    return this.#host.target.label;
  }

  /** What it is reached by. */
  get target(): Target {
    return this.#host.target;
  }

  /** Whether it is connected, as far as is known; {@link isAlive} asks. */
  get connected(): boolean {
    return this.#host.alive;
  }

  /** The address really connected to; null while it is not connected, and where only a proxy knows. */
  address(): string | null {
    return this.#host.address;
  }

  /**
   * Logs in, where it is not connected. Commands do so by themselves.
   * @throws PsshError with ssh's reason: ERR_CONNECT, ERR_CONNECT_TIMEOUT, ERR_RESOLVE, ERR_AUTH, ERR_HOST_KEY;
   *   ERR_USAGE once it is closed; the signal's reason
   */
  async connect({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#host.connect(signal);
  }

  /**
   * Whether the connection stands, asked of the ssh that holds it. A network that is gone is noticed by ssh's
   * ServerAliveInterval and ServerAliveCountMax, after 45 s where ssh_config sets none.
   */
  async isAlive(): Promise<boolean> {
    return this.#host.isAlive();
  }

  /**
   * Runs a command, or several one after another on one connection: after one that fails the others are skipped,
   * unless `keepCommands` is set. How a command ends is a result, whatever it is, and no exception.
   * @throws PsshError ERR_USAGE; what onEvent throws
   */
  execute(command: string, options?: CommandOptions): Promise<CommandResult>;
  execute(commands: readonly string[], options?: CommandOptions): Promise<CommandResult[]>;
  async execute(
    command: string | readonly string[],
    options: CommandOptions = {},
  ): Promise<CommandResult | CommandResult[]> {
    const { results } = await runHosts(this.#run(command, options));
    return typeof command === 'string' ? (results[0] as CommandResult) : [...results];
  }

  /**
   * Runs a command whose values are quoted for the machine's shell: ``machine.$`ls -l ${path}` ``. A list becomes
   * several words. Called with options it gives a tag that uses them: ``machine.$({ timeout: '5s' })`…` ``.
   * @throws PsshError ERR_USAGE for a value that no shell could be given
   */
  $(strings: TemplateStringsArray, ...values: readonly TemplateValue[]): Promise<CommandResult>;
  $(
    options: CommandOptions,
  ): (strings: TemplateStringsArray, ...values: readonly TemplateValue[]) => Promise<CommandResult>;
  $(first: TemplateStringsArray | CommandOptions, ...values: readonly TemplateValue[]) {
    if ('raw' in first) return this.#tagged(first, values, {});
    return (strings: TemplateStringsArray, ...inner: readonly TemplateValue[]) =>
      this.#tagged(strings, inner, first);
  }

  /**
   * The events of a command as they come. The reader sets the pace; one that stops reading cancels the command. Output
   * is in the events, not kept in the results.
   * @throws as {@link execute}, from the iteration
   */
  stream(
    command: string | readonly string[],
    options: CommandOptions = {},
  ): AsyncGenerator<CommandEvent, void, undefined> {
    return streamHosts(this.#run(command, options));
  }

  /**
   * Sends files: to the login's home, or to a folder or new name of the machine (a path that does not begin with `/`
   * stands in the home). Each has its name there only once it is whole. How it ends is a result, and no exception.
   * @throws PsshError ERR_USAGE for files of ours that can't be sent; what onEvent throws
   */
  put(sources: string | readonly string[], options?: PutOptions): Promise<TransferResult>;
  put(sources: string | readonly string[], dest?: string, options?: PutOptions): Promise<TransferResult>;
  async put(
    sources: string | readonly string[],
    second?: string | PutOptions,
    third?: PutOptions,
  ): Promise<TransferResult> {
    const { results } = await putToHosts({ ...this.#files(sources), ...destAndOptions(second, third) });
    return results[0] as TransferResult;
  }

  /**
   * Brings files of the machine (patterns are the machine's to expand) into a folder here, which is made; without one,
   * into the current folder. Each has its name only once it is whole. How it ends is a result, and no exception.
   * @throws PsshError ERR_USAGE; what onEvent throws
   */
  get(sources: string | readonly string[], options?: GetOptions): Promise<TransferResult>;
  get(sources: string | readonly string[], folder?: string, options?: GetOptions): Promise<TransferResult>;
  async get(
    sources: string | readonly string[],
    second?: string | GetOptions,
    third?: GetOptions,
  ): Promise<TransferResult> {
    const { results } = await getFromHost({ ...this.#files(sources), ...destAndOptions(second, third) });
    return results[0] as TransferResult;
  }

  /**
   * Starts a command and gives its streams.
   * @throws PsshError with ssh's reason where it could not be started; ERR_USAGE; the signal's reason
   */
  async spawn(command: string, options: SpawnOptions = {}): Promise<RemoteProcess> {
    const host = this.#host;
    const { env, cwd, signal } = { ...this.#options, ...options };
    const run = resolveCommand(this.#options, options);
    host.assertOpen();
    const sudo = resolveSudo(this.#options, options);
    const frame = { env: { ...this.#options.env, ...env }, raw: false, ...sudo };
    const commands = [command];
    const [plan] = planCommands([host.target], commands, { ...frame, ...(cwd === undefined ? {} : { cwd }) });
    const step = plan?.steps[0];
    if (plan === undefined || step === undefined) throw new TypeError('nothing is planned');
    const linked = linkSignals([signal, ...host.signals]);
    const limited = runSignal(linked.signal, run.deadlineMs);
    const starting = host.reach().then((reach) => startProcess(plan, step, reach, run, limited.signal));
    const whole = starting
      .then(({ released }) => released)
      .finally(() => {
        limited.dispose();
        linked.dispose();
      });
    host.track(whole).catch(() => undefined);
    const { stdin, stdout, stderr, exited: ended } = await starting;
    const exited = ended as Promise<CommandResult>;
    const kill = (): Promise<CommandResult> => {
      linked.abort(new Error('it was killed'));
      return exited;
    };
    return {
      stdin,
      stdout,
      stderr,
      exited,
      kill,
      [Symbol.asyncDispose]: async () => {
        await kill();
        await whole;
      },
    };
  }

  /** Ends what runs, on the machine too, and the connection. The machine can't be used any more. */
  async close(): Promise<void> {
    await this.#host.close();
  }

  /** For `await using`: close(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tagged(
    strings: TemplateStringsArray,
    values: readonly TemplateValue[],
    options: CommandOptions,
  ): Promise<CommandResult> {
    return this.execute(commandOf(strings, values), options);
  }

  #files(sources: string | readonly string[]) {
    const host = this.#host;
    host.assertOpen();
    return { hosts: [host], sources, defaults: this.#options, owners: host.signals };
  }

  #run(command: string | readonly string[], options: CommandOptions): HostsRun {
    const host = this.#host;
    host.assertOpen();
    const commands = typeof command === 'string' ? [command] : command;
    return { hosts: [host], commands, defaults: this.#options, options, owners: host.signals };
  }
}
