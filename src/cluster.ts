import type { CommandEvent, CommandResult } from './core/command-result.js';
import { usageError } from './core/errors.js';
import { targetKey } from './core/target.js';
import type { TransferResult } from './core/transfer-result.js';
import { type ClusterState, clusterState } from './library/cluster-state.js';
import type { ClusterGetOptions, PutOptions } from './library/file-options.js';
import { Host } from './library/host.js';
import {
  type ClusterOptions,
  type CommandOptions,
  resolveCommand,
  resolveConnect,
} from './library/options.js';
import { type HostsRun, type RunOutcome, runHosts, streamHosts } from './library/run-hosts.js';
import { Session } from './library/session.js';
import { type HostSpec, targetOf, targetsOf } from './library/targets.js';
import { commandOf, type TemplateValue } from './library/template.js';
import {
  destAndOptions,
  getFromHosts,
  type PathOf,
  putToHosts,
  type TransferOutcome,
} from './library/transfer-hosts.js';
import { hostOf, Machine, machineOf } from './machine.js';
import { atOnce } from './run/at-once.js';

/** What a run on a cluster came to. */
export interface ClusterResult extends RunOutcome {
  /** Every command of every machine ended with 0. */
  readonly ok: boolean;
  /** The results that are not `ok`. */
  readonly failed: readonly Exclude<CommandResult, { readonly status: 'ok' }>[];
}

/** What moving files to or from a cluster came to. */
export interface ClusterTransfer extends TransferOutcome {
  /** Every machine's files are there. */
  readonly ok: boolean;
  /** The results that are not `ok`. */
  readonly failed: readonly Exclude<TransferResult, { readonly status: 'ok' }>[];
}

/** A machine as {@link Cluster} takes it. */
export type ClusterHost = string | HostSpec | Machine;

/**
 * Many machines at once.
 *
 *     await using web = new Cluster('web[1-20]');
 *     const { ok, failed } = await web.execute('systemctl is-active nginx');
 */
export class Cluster implements AsyncDisposable {
  readonly #options: ClusterOptions;
  readonly #session: Session;
  readonly #machines: Machine[] = [];

  /**
   * Connects to nothing yet.
   * @param hosts a host expression as on the command line (`'web[1-20],db1'`), or a list of such, of parts, of machines
   * @throws PsshError ERR_USAGE
   */
  constructor(hosts: string | readonly ClusterHost[] = [], options: ClusterOptions = {}) {
    this.#options = options;
    this.#session = new Session(resolveConnect(options));
    for (const host of typeof hosts === 'string' ? [hosts] : hosts) {
      if (typeof host !== 'string') this.#add(host);
      else for (const target of targetsOf(host, this.#session.connection)) this.#add(target, false);
    }
  }

  /** All of them, in the order in which they were named; those that were closed by themselves are not among them. */
  get machines(): readonly Machine[] {
    return this.#machines.filter((machine) => !hostOf(machine).closed);
  }

  /** Those that are connected, as far as is known; {@link showState} asks. */
  get aliveMachines(): readonly Machine[] {
    return this.machines.filter(({ connected }) => connected);
  }

  /** Those that are not connected: not yet, not possible, or not any more. */
  get deadMachines(): readonly Machine[] {
    return this.machines.filter(({ connected }) => !connected);
  }

  /**
   * Adds a machine and connects it, if it is not. One that can't be connected is added all the same, and dead.
   * @returns the machine
   * @throws PsshError ERR_USAGE for a host that is none, or is in the cluster already; the signal's reason
   */
  async addMachine(host: ClusterHost, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Machine> {
    this.#assertOpen();
    const machine = this.#add(typeof host === 'string' ? targetOf(host, this.#session.connection) : host);
    await this.#connect([machine], signal);
    return machine;
  }

  /**
   * Logs in to the machines that are not connected; the others are left alone. What can't be connected is no exception
   * but stands in the state that is returned.
   * @throws PsshError ERR_USAGE, ERR_MASTER; the signal's reason
   */
  async connect({ signal, fanout }: Pick<CommandOptions, 'signal' | 'fanout'> = {}): Promise<ClusterState> {
    this.#assertOpen();
    await this.#connect(this.machines, signal, fanout);
    return clusterState(this.machines.map(hostOf));
  }

  /** Asks each connection whether it stands. The state is data, and as text (`String(state)`) a line a machine. */
  async showState(): Promise<ClusterState> {
    this.#assertOpen();
    const machines = this.machines;
    await atOnce(machines, this.#fanout(), (machine) => machine.isAlive());
    return clusterState(machines.map(hostOf));
  }

  /**
   * Runs a command on all machines, or several one after another on each; connects those that are not. How a command
   * ends is a result, whatever it is, and no exception.
   * @throws PsshError ERR_USAGE, ERR_MASTER; what onEvent throws
   */
  async execute(command: string | readonly string[], options: CommandOptions = {}): Promise<ClusterResult> {
    const { results, summary } = await runHosts(this.#run(command, options));
    const failed = results.filter((result) => result.status !== 'ok');
    return { results, summary, ok: failed.length === 0, failed };
  }

  /** {@link execute} of a command whose values are quoted, as {@link Machine.$}. */
  $(strings: TemplateStringsArray, ...values: readonly TemplateValue[]): Promise<ClusterResult>;
  $(
    options: CommandOptions,
  ): (strings: TemplateStringsArray, ...values: readonly TemplateValue[]) => Promise<ClusterResult>;
  $(first: TemplateStringsArray | CommandOptions, ...values: readonly TemplateValue[]) {
    if ('raw' in first) return this.execute(commandOf(first, values));
    return (strings: TemplateStringsArray, ...inner: readonly TemplateValue[]) =>
      this.execute(commandOf(strings, inner), first);
  }

  /**
   * The events of a run as they come. The reader sets the pace; one that stops reading cancels the run. Output is in the
   * events, not kept in the results.
   * @throws as {@link execute}, from the iteration
   */
  stream(
    command: string | readonly string[],
    options: CommandOptions = {},
  ): AsyncGenerator<CommandEvent, void, undefined> {
    return streamHosts(this.#run(command, options));
  }

  /**
   * Sends files to all machines, as {@link Machine.put}. A function in place of a path gives each machine its own:
   * `cluster.put(({ host }) => `conf.${host}.ini`, '/etc/app.ini')`.
   * @throws PsshError ERR_USAGE for files of ours that can't be sent, ERR_MASTER; what onEvent throws
   */
  put(sources: PathOf | readonly PathOf[], options?: PutOptions): Promise<ClusterTransfer>;
  put(sources: PathOf | readonly PathOf[], dest?: PathOf, options?: PutOptions): Promise<ClusterTransfer>;
  async put(
    sources: PathOf | readonly PathOf[],
    second?: PathOf | PutOptions,
    third?: PutOptions,
  ): Promise<ClusterTransfer> {
    return told(await putToHosts({ ...this.#files(sources), ...destAndOptions(second, third) }));
  }

  /**
   * Brings files of all machines to FOLDER/HOST/NAME; without a folder, to HOST/NAME below the current one.
   * @throws PsshError ERR_USAGE, ERR_MASTER; what onEvent throws
   */
  get(sources: PathOf | readonly PathOf[], options?: ClusterGetOptions): Promise<ClusterTransfer>;
  get(
    sources: PathOf | readonly PathOf[],
    folder?: PathOf,
    options?: ClusterGetOptions,
  ): Promise<ClusterTransfer>;
  async get(
    sources: PathOf | readonly PathOf[],
    second?: PathOf | ClusterGetOptions,
    third?: ClusterGetOptions,
  ): Promise<ClusterTransfer> {
    return told(await getFromHosts({ ...this.#files(sources), ...destAndOptions(second, third) }));
  }

  /** Ends what runs, on the machines too, and all connections, those of added machines as well. */
  async close(): Promise<void> {
    this.#session.abort(new Error('the cluster was closed'));
    await Promise.all(this.#machines.map((machine) => machine.close()));
    await this.#session.close();
  }

  /** For `await using`: close(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #fanout(fanout?: number): number {
    return resolveCommand(this.#options, fanout === undefined ? {} : { fanout }).fanout;
  }

  async #connect(machines: readonly Machine[], signal?: AbortSignal, fanout?: number): Promise<void> {
    // Without a place for its sockets nothing works; that is nobody's state.
    await this.#session.pool();
    await atOnce(machines, this.#fanout(fanout), (machine) => hostOf(machine).reconnect(signal));
    signal?.throwIfAborted();
  }

  /** @param once false: a repeat is passed over, as in an expression */
  #add(host: HostSpec | Machine, once = true): Machine {
    const given = host instanceof Machine ? host : null;
    const target = given?.target ?? targetOf(host as HostSpec, this.#session.connection);
    if (given !== null) hostOf(given).assertOpen();
    const known = this.machines.find(
      (machine) => machine === given || targetKey(machine.target) === targetKey(target),
    );
    if (known !== undefined && once) throw usageError(`${target.label} is in the cluster already`);
    if (known !== undefined) return known;
    const machine = given ?? machineOf(new Host(target, this.#session, false), this.#options);
    this.#machines.push(machine);
    return machine;
  }

  #files(sources: PathOf | readonly PathOf[]) {
    this.#assertOpen();
    const hosts = this.machines.map(hostOf);
    return { hosts, sources, defaults: this.#options, owners: [this.#session.signal] };
  }

  #run(command: string | readonly string[], options: CommandOptions): HostsRun {
    this.#assertOpen();
    const commands = typeof command === 'string' ? [command] : command;
    const hosts = this.machines.map(hostOf);
    return { hosts, commands, defaults: this.#options, options, owners: [this.#session.signal] };
  }

  #assertOpen(): void {
    if (this.#session.signal.aborted) throw usageError('the cluster is closed; make another');
  }
}

function told({ results, summary }: TransferOutcome): ClusterTransfer {
  const failed = results.filter((result) => result.status !== 'ok');
  return { results, summary, ok: failed.length === 0, failed };
}
