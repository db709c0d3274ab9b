import { parseDuration } from '../core/duration.js';
import { usageError } from '../core/errors.js';
import { parsePort, userNameFault } from '../core/host-name.js';
import { parseJump } from '../core/jump.js';
import {
  CONNECTION_DEFAULTS,
  type ConnectionOptions,
  TRANSPORTS,
  type TransportChoice,
} from '../core/options.js';
import { sshOptionFault } from '../core/own-options.js';
import { show } from '../core/show.js';
import { hostKeyOptions } from '../ssh/host-keys.js';
import { checkFile } from '../ssh/named-file.js';
import { resolveSecrets } from './secrets.js';
import type { SharedOptions } from './shared-options.js';
import { isCi } from './terminal.js';

/** The connection options, checked and frozen. @throws PsshError ERR_USAGE */
export function resolveConnection(options: SharedOptions, env: NodeJS.ProcessEnv): ConnectionOptions {
  const { user, port, sshConfig, jump } = options;
  const userFault = user === undefined ? null : userNameFault(user);
  if (userFault !== null) throw usageError(`--user: ${userFault}; write the login name as the host knows it`);
  if (sshConfig !== undefined && sshConfig !== 'none') checkFile('-F', sshConfig, 'an ssh_config');
  for (const file of options.identity ?? []) checkFile('-i', file, 'a private key');
  if (options.mux === false && options.transport === 'mux')
    throw usageError('--no-mux and --transport mux exclude each other; leave one out');
  const inCi = isCi(env);
  return Object.freeze({
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: checkedPort(port) }),
    ...(sshConfig === undefined ? {} : { sshConfig }),
    ...(jump === undefined ? {} : { jump: checkedJump(jump) }),
    identities: options.identity ?? CONNECTION_DEFAULTS.identities,
    sshOptions: (options.sshOption ?? CONNECTION_DEFAULTS.sshOptions).map(checkedSshOption),
    hostKeys: hostKeyOptions(options, '--known-hosts'),
    ...resolveSecrets(options),
    connectTimeoutMs:
      timeLimit(options.connectTimeout, '--connect-timeout') ?? CONNECTION_DEFAULTS.connectTimeoutMs,
    connectRetries:
      wholeNumber(options.connectRetries, '--connect-retries', 0, 100) ?? CONNECTION_DEFAULTS.connectRetries,
    persistMs:
      options.persist === undefined
        ? inCi
          ? 0
          : CONNECTION_DEFAULTS.persistMs
        : parseDuration(options.persist, '--persist'),
    jumpMaster: options.jumpMaster ?? CONNECTION_DEFAULTS.jumpMaster,
    transport: checkedTransport(options.transport) ?? CONNECTION_DEFAULTS.transport,
    ownMasters: options.ownMasters ?? CONNECTION_DEFAULTS.ownMasters,
    mux: options.mux ?? CONNECTION_DEFAULTS.mux,
    maxMasters:
      wholeNumber(options.maxMasters, '--max-masters', 0, 1_000_000) ?? CONNECTION_DEFAULTS.maxMasters,
  });
}

/** A number option within its bounds; null when it was not said. @throws PsshError ERR_USAGE */
export function wholeNumber(
  text: string | undefined,
  option: string,
  least: number,
  most: number,
): number | null {
  if (text === undefined) return null;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw usageError(`${option}: ${show(text)} is no whole number from ${least} to ${most}`);
}

/** A duration that has to be more than nothing; null when it was not said. @throws PsshError ERR_USAGE */
export function timeLimit(text: string | undefined, option: string): number | null {
  if (text === undefined) return null;
  const ms = parseDuration(text, option);
  if (ms > 0) return ms;
  throw usageError(`${option}: ${show(text)} leaves no time; leave the option out for the default`);
}

function checkedTransport(text: string | undefined): TransportChoice | null {
  if (text === undefined) return null;
  const choice = TRANSPORTS.find((known) => known === text);
  if (choice === undefined)
    throw usageError(`--transport: unknown transport ${show(text)}; write ${TRANSPORTS.join(', ')}`);
  return choice;
}

function checkedPort(text: string): number {
  const port = parsePort(text);
  if (port === null) throw usageError(`--port: ${show(text)} is no port; write a number from 1 to 65535`);
  return port;
}

function checkedJump(jump: string): string {
  // `a, b` is how people write a list.
  const hops = jump
    .split(',')
    .map((hop) => hop.trim())
    .join(',');
  const parsed = parseJump(hops);
  if ('fault' in parsed)
    throw usageError(`-J: ${parsed.fault}; write [user@]host[:port], several with commas`);
  return hops;
}

function checkedSshOption(option: string): string {
  const fault = sshOptionFault(option);
  if (fault !== null) throw usageError(`-o: ${fault}`);
  return option;
}

/** @throws PsshError ERR_USAGE */
export function refuseWithoutMaster({ mux }: ConnectionOptions, what: string): void {
  if (!mux)
    throw usageError(`--no-mux: ${what} needs a connection that several sessions share; leave it out`);
}
