import { accessSync, constants, statSync } from 'node:fs';
import { parseDuration } from '../core/duration.js';
import { usageError } from '../core/errors.js';
import { hostNameFault, parsePort, userNameFault } from '../core/host-name.js';
import { CONNECTION_DEFAULTS, type ConnectionOptions, type TransportChoice } from '../core/options.js';
import { show } from '../core/show.js';
import type { SharedOptions } from './shared-options.js';
import { isCi } from './terminal.js';

// What pssh-ts itself decides for every ssh it starts: a user's value would be passed over in silence.
const OWN_KEYWORDS: Readonly<Record<string, string>> = {
  controlmaster: 'pssh-ts keeps its own masters',
  controlpath: 'pssh-ts keeps its own masters',
  controlpersist: 'use --persist',
  batchmode: 'pssh-ts never waits for a keyboard',
  remotecommand: 'the command is what follows exec',
  requesttty: 'use --tty',
  sessiontype: 'pssh-ts runs commands',
  forkafterauthentication: 'pssh-ts runs commands',
  stdinnull: 'use -I for input, nothing for none',
  localcommand: 'pssh-ts runs no local commands',
  permitlocalcommand: 'pssh-ts runs no local commands',
  clearallforwardings: 'pssh-ts forwards nothing',
  localforward: 'pssh-ts forwards nothing',
  remoteforward: 'pssh-ts forwards nothing',
  dynamicforward: 'pssh-ts forwards nothing',
  loglevel: 'use -v',
};

/** The connection options, checked and frozen. @throws PsshError ERR_USAGE */
export function resolveConnection(options: SharedOptions, env: NodeJS.ProcessEnv): ConnectionOptions {
  const { user, port, sshConfig, jump } = options;
  const userFault = user === undefined ? null : userNameFault(user);
  if (userFault !== null) throw usageError(`--user: ${userFault}; write the login name as the host knows it`);
  if (sshConfig !== undefined && sshConfig !== 'none') checkFile('-F', sshConfig, 'an ssh_config');
  for (const file of options.identity ?? []) checkFile('-i', file, 'a private key');
  const inCi = isCi(env);
  return Object.freeze({
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: checkedPort(port) }),
    ...(sshConfig === undefined ? {} : { sshConfig }),
    ...(jump === undefined ? {} : { jump: checkedJump(jump) }),
    identities: options.identity ?? CONNECTION_DEFAULTS.identities,
    sshOptions: (options.sshOption ?? CONNECTION_DEFAULTS.sshOptions).map(checkedSshOption),
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
    transport: checkedTransport(options.transport) ?? CONNECTION_DEFAULTS.transport,
  });
}

// ssh reads a folder as an empty file, without a word.
function checkFile(option: string, file: string, what: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw usageError(`${option}: no file ${show(file)}; name ${what} that exists`);
  if (stats.isDirectory()) throw usageError(`${option}: ${show(file)} is a folder; name ${what}`);
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw usageError(`${option}: ${show(file)} can't be read; name ${what} that you may read`, cause);
  }
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

const TRANSPORTS: readonly TransportChoice[] = ['auto', 'mux', 'process'];

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
  for (const hop of jump.split(',')) {
    const [host = '', user] = hop
      .replace(/^ssh:\/\//, '')
      .split('@')
      .reverse();
    const fault = hostNameFault(host) ?? (user === undefined ? null : userNameFault(user));
    if (fault !== null) throw usageError(`-J: ${fault}; write [user@]host[:port], several with commas`);
  }
  return jump;
}

function checkedSshOption(option: string): string {
  const keyword = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=|\s+)\s*\S/.exec(option)?.[1];
  if (keyword === undefined)
    throw usageError(`-o: ${show(option)} is no option; write Keyword=value as in ssh_config`);
  const own = OWN_KEYWORDS[keyword.toLowerCase()];
  if (own !== undefined) throw usageError(`-o: ${keyword} can't be set (${own})`);
  return option;
}
