import type { Readable } from 'node:stream';
import type { CommandEvent } from '../core/command-result.js';
import { parseDuration } from '../core/duration.js';
import { usageError } from '../core/errors.js';
import { userNameFault } from '../core/host-name.js';
import { parseJump } from '../core/jump.js';
import {
  CONNECTION_DEFAULTS,
  type ConnectionOptions,
  RUN_DEFAULTS,
  type RunOptions,
  type TransportChoice,
} from '../core/options.js';
import { sshOptionFault } from '../core/own-options.js';
import { type Rolling, resolveRolling } from '../core/rolling.js';
import { show } from '../core/show.js';
import type { TransferEvent } from '../core/transfer-result.js';
import { hostKeyOptions } from '../ssh/host-keys.js';
import { checkFile } from '../ssh/named-file.js';
import { resolveSecrets, type SecretOption } from './secrets.js';

type Unit = 'ms' | 's' | 'm' | 'h' | 'd';

/** A time as on the command line, always with its unit: `'250ms'`, `'10s'`, `'1m30s'`, `` `${ms}ms` ``. */
export type Duration = `${number}${Unit}` | `${number}${Unit}${number}${Unit}`;

/** How a machine is reached. Each names the ssh flag it becomes; what is left out is as ssh has it. */
export interface ConnectOptions {
  /** Login name, `ssh -l`. */
  readonly user?: string;
  /** `ssh -p`. */
  readonly port?: number;
  /** The ssh_config file, `ssh -F`. @default ~/.ssh/config and the system's */
  readonly sshConfig?: string;
  /** Jump host or hosts, `ssh -J`. */
  readonly jump?: string;
  /** File or files of private keys, `ssh -i`. */
  readonly identity?: string | readonly string[];
  /** `Keyword=value` each, `ssh -o`. */
  readonly sshOptions?: readonly string[];
  /** Host keys from this file, not from the user's known_hosts. */
  readonly knownHosts?: string;
  /** Keys of hosts that are not known yet are taken and kept (`accept-new`); a changed one is refused. @default false */
  readonly acceptNew?: boolean;
  /**
   * What logins that ask for a password are told, and only those; a function is called when the first login is made, once,
   * and its time is not connecting. After a login that was refused no other is tried with it. @default nothing is asked
   */
  readonly password?: SecretOption;
  /** What opens private keys; no server is told it. @default nothing is asked */
  readonly passphrase?: SecretOption;
  /** All of one machine's connecting, retries included. @default '10s' */
  readonly connectTimeout?: Duration;
  /** How often a connection dropped before the login was done is tried again. @default 2 */
  readonly connectRetries?: number;
  /** How long connections stay for later programs after close(); `'0s'`: close() ends them. @default '0s' */
  readonly persist?: Duration;
  /** `auto`: mux, but process where ssh_config asks for agent or X11 forwarding. @default 'auto' */
  readonly transport?: TransportChoice;
  /** Jump hosts get one connection, which all machines behind them share. @default true */
  readonly jumpMaster?: boolean;
  /** A live ControlMaster of the user's own is passed over. @default false */
  readonly ownMasters?: boolean;
}

/** How commands are run. */
export interface CommandOptions {
  /** Cancels: what runs is ended on the host, and its result is `canceled`. */
  readonly signal?: AbortSignal;
  /** Time for one command, from its start. @default none */
  readonly timeout?: Duration;
  /** Time for all of it, connecting included. @default none */
  readonly deadline?: Duration;
  /** Variables set on the host, in the command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of the host to run in. */
  readonly cwd?: string;
  /** Run as root, by the machine's sudo, which has to allow a shell. @default false */
  readonly sudo?: boolean;
  /** Run as this user of the machine; implies `sudo`. */
  readonly sudoUser?: string;
  /**
   * What sudo is told where it asks for a password, and nobody else; a function is called when it first asks. After one
   * that was refused no other machine is tried with it in that call. @default nothing is asked, `sudo -n`
   */
  readonly sudoPassword?: SecretOption;
  /** What each command reads on each host; a stream is read once and kept in a file for all of them. @default nothing */
  readonly stdin?: string | Uint8Array | Readable;
  /** Machines worked on at once. @default 32 */
  readonly fanout?: number;
  /** Told of each event; a promise that it returns holds the output back. */
  readonly onEvent?: (event: CommandEvent) => void | Promise<void>;
  /** After a failing command, still run the machine's next ones. @default false */
  readonly keepCommands?: boolean;
  /** Between TERM and KILL when a command is given up. @default '5s' */
  readonly killGrace?: Duration;
  /** How long output is awaited after the command has exited. @default '5s' */
  readonly drain?: Duration;
  /** What becomes of running commands when this program dies or the connection is lost. @default 'kill' */
  readonly onDisconnect?: 'kill' | 'leave';
  /** Bytes kept of each stream of a machine. @default 64 MiB */
  readonly maxOutput?: number;
  /**
   * Batches of so many machines, one after another; of a list the last size counts for all that follow. Without `maxFail`
   * the first failure ends the run. @default all machines are one batch
   */
  readonly serial?: HostCount | readonly HostCount[];
  /** More failed machines than this: no further one starts, its results are `skipped`. @default any number */
  readonly maxFail?: HostCount;
  /** Then what runs is cancelled too; without `maxFail` at the first failure. @default false */
  readonly failFast?: boolean;
  /** All batches, whatever fails. @default false */
  readonly keepGoing?: boolean;
  /** Between a batch and the next. @default none */
  readonly batchPause?: Duration;
}

/** A number of machines, or a part of all of them. */
export type HostCount = number | `${number}%`;

/**
 * How a machine is reached, and what its commands have where they are not told otherwise; its transfers too, in
 * what they share with commands.
 */
export interface MachineOptions extends ConnectOptions, Omit<CommandOptions, 'signal' | 'stdin' | 'onEvent'> {
  /** Told of each event of its commands and transfers. */
  readonly onEvent?: (event: CommandEvent | TransferEvent) => void | Promise<void>;
}

/** The same for all machines of a cluster. */
export interface ClusterOptions extends MachineOptions {}

const CONNECT_NAMES = {
  user: true,
  port: true,
  sshConfig: true,
  jump: true,
  identity: true,
  sshOptions: true,
  knownHosts: true,
  acceptNew: true,
  password: true,
  passphrase: true,
  connectTimeout: true,
  connectRetries: true,
  persist: true,
  transport: true,
  jumpMaster: true,
  ownMasters: true,
} as const satisfies Record<keyof ConnectOptions, true>;

const COMMAND_NAMES = {
  signal: true,
  timeout: true,
  deadline: true,
  env: true,
  cwd: true,
  sudo: true,
  sudoUser: true,
  sudoPassword: true,
  stdin: true,
  fanout: true,
  onEvent: true,
  keepCommands: true,
  killGrace: true,
  drain: true,
  onDisconnect: true,
  maxOutput: true,
  serial: true,
  maxFail: true,
  failFast: true,
  keepGoing: true,
  batchPause: true,
} as const satisfies Record<keyof CommandOptions, true>;

/** @throws PsshError ERR_USAGE */
export function resolveConnect(options: MachineOptions): ConnectionOptions {
  checkNames(options, { ...CONNECT_NAMES, ...COMMAND_NAMES, signal: false, stdin: false });
  resolveCommand(options, {});
  const { user, port, sshConfig, jump, identity = [], sshOptions = [], transport = 'auto' } = options;
  const userFault = user === undefined ? null : userNameFault(user);
  if (userFault !== null) throw usageError(`user: ${userFault}; write the login name as the host knows it`);
  if (sshConfig !== undefined && sshConfig !== 'none') checkFile('sshConfig', sshConfig, 'an ssh_config');
  const identities = typeof identity === 'string' ? [identity] : identity;
  for (const file of identities) checkFile('identity', file, 'a private key');
  const parsed = jump === undefined ? {} : parseJump(jump);
  if ('fault' in parsed)
    throw usageError(`jump: ${parsed.fault}; write [user@]host[:port], several with commas`);
  for (const option of sshOptions) {
    const fault = sshOptionFault(option);
    if (fault !== null) throw usageError(`sshOptions: ${fault}`);
  }
  return Object.freeze({
    ...CONNECTION_DEFAULTS,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: whole(port, 'port', 1, 65_535) }),
    ...(sshConfig === undefined ? {} : { sshConfig }),
    ...(jump === undefined ? {} : { jump }),
    identities,
    sshOptions,
    hostKeys: hostKeyOptions(options, 'knownHosts'),
    ...resolveSecrets(options),
    connectTimeoutMs: limit(options.connectTimeout, 'connectTimeout') ?? CONNECTION_DEFAULTS.connectTimeoutMs,
    connectRetries: whole(options.connectRetries ?? 2, 'connectRetries', 0, 100),
    persistMs: duration(options.persist ?? '0s', 'persist'),
    transport: oneOf(transport, 'transport', ['auto', 'mux', 'process'] as const),
    jumpMaster: options.jumpMaster ?? CONNECTION_DEFAULTS.jumpMaster,
    ownMasters: options.ownMasters ?? CONNECTION_DEFAULTS.ownMasters,
  });
}

/** What one call asks for, over what its machine or cluster asks for. @throws PsshError ERR_USAGE */
export function resolveCommand(defaults: MachineOptions, options: CommandOptions): RunOptions {
  checkNames(options, COMMAND_NAMES);
  const merged = { ...defaults, ...options };
  const { onDisconnect = RUN_DEFAULTS.onDisconnect, maxOutput = RUN_DEFAULTS.maxOutput } = merged;
  return {
    ...RUN_DEFAULTS,
    fanout: whole(merged.fanout ?? RUN_DEFAULTS.fanout, 'fanout', 1, 10_000),
    timeoutMs: limit(merged.timeout, 'timeout'),
    deadlineMs: limit(merged.deadline, 'deadline'),
    killGraceMs: duration(merged.killGrace ?? `${RUN_DEFAULTS.killGraceMs}ms`, 'killGrace'),
    drainMs: duration(merged.drain ?? `${RUN_DEFAULTS.drainMs}ms`, 'drain'),
    onDisconnect: oneOf(onDisconnect, 'onDisconnect', ['kill', 'leave'] as const),
    capture: true,
    maxOutput: whole(maxOutput, 'maxOutput', 0, Number.MAX_SAFE_INTEGER),
    keepCommands: merged.keepCommands === true,
    rolling: rollingOf(merged),
  };
}

type RollingNames = Pick<CommandOptions, 'serial' | 'maxFail' | 'failFast' | 'keepGoing' | 'batchPause'>;

function rollingOf({ serial, maxFail, failFast, keepGoing, batchPause }: RollingNames): Rolling {
  const names = {
    serial: 'serial',
    maxFail: 'maxFail',
    failFast: 'failFast',
    keepGoing: 'keepGoing',
  };
  const words = {
    ...(serial === undefined ? {} : { serial: String(serial) }),
    ...(maxFail === undefined ? {} : { maxFail: String(maxFail) }),
    failFast: failFast === true,
    keepGoing: keepGoing === true,
    batchPauseMs: batchPause === undefined ? 0 : duration(batchPause, 'batchPause'),
  };
  return resolveRolling(words, names);
}

/** Somebody who writes `pasword` or `timeoutMs` must not wonder why it does nothing. @throws PsshError ERR_USAGE */
export function checkNames(options: object, known: Readonly<Record<string, boolean>>): void {
  for (const name of Object.keys(options)) {
    if (known[name] === true) continue;
    const names = Object.keys(known).filter((one) => known[one] === true);
    throw usageError(`${show(name)} is no option here; there are ${names.join(', ')}`);
  }
}

function duration(text: Duration, option: string): number {
  // A bare number is seconds on the command line and would be milliseconds to anybody here.
  if (typeof text !== 'string' || /^[\d.\s]*$/.test(text))
    throw usageError(`${option}: ${show(String(text))} has no unit; write '10s', '250ms', '1m30s'`);
  return parseDuration(text, option);
}

function limit(text: Duration | undefined, option: string): number | null {
  if (text === undefined) return null;
  const ms = duration(text, option);
  if (ms > 0) return ms;
  throw usageError(`${option}: ${show(text)} leaves no time; leave it out for the default`);
}

export function whole(number: number, option: string, least: number, most: number): number {
  if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
  throw usageError(`${option}: ${show(String(number))} is no whole number from ${least} to ${most}`);
}

export function oneOf<T extends string>(value: T, option: string, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw usageError(`${option}: ${show(String(value))} is none; write ${choices.join(', ')}`);
}
