import path from 'node:path';
import { usageError } from '../core/errors.js';
import { foldNames } from '../core/fold.js';
import type { RecordedHost, RunRecord } from '../core/record.js';
import type { Status } from '../core/result.js';
import { show } from '../core/show.js';
import type { Target } from '../core/target.js';
import { type CommandSource, commandSource, plainCommands } from './command-source.js';
import type { ExecOptions } from './commands/exec.js';

export const WHICH = ['failed', 'unreachable', 'all'] as const;
export type Which = (typeof WHICH)[number];

const UNREACHED: readonly (Status | null)[] = ['unreachable', 'auth-failed', 'host-key-failed'];

/** The hosts of a run that are meant; never those on which nothing was to be run. */
export function hostsToRerun(record: RunRecord, which: Which): readonly Target[] {
  return record.hosts.flatMap((host, place) => (isMeant(host, which) ? targetOf(host, place) : []));
}

function isMeant({ status, results }: RecordedHost, which: Which): boolean {
  if (results.length > 0 && results.every(({ skippedBy }) => skippedBy === 'plan')) return false;
  return which === 'all' || (which === 'failed' ? status !== 'ok' : UNREACHED.includes(status));
}

function targetOf(host: RecordedHost, place: number): Target {
  const { label, name, user, port, sshOptions, values = {} } = host;
  if (sshOptions?.options.includes('SetEnv'))
    throw usageError(
      `the inventory's SetEnv for ${label} is not kept in records; use exec with the inventory`,
    );
  return {
    host: host.host,
    label,
    index: host.index ?? place,
    vars: { ...values, ...(name === host.host ? {} : { inventory_hostname: name }) },
    ...(user === null ? {} : { user }),
    ...(port === null ? {} : { port }),
    ...(sshOptions === undefined ? {} : { sshOptions }),
  };
}

/** What was run, by the words and options of then. @throws PsshError ERR_USAGE */
export function recordedSource(record: RunRecord, options: ExecOptions): CommandSource {
  const { command, commands, words, id, hosts } = record;
  if (command !== 'exec') {
    const left = foldNames(hosts.filter(({ status }) => status !== 'ok').map(({ label }) => label));
    const mend = left === '' ? '' : `; for those that failed write -H ${left}`;
    throw usageError(`run ${id} is a ${command}, which is not kept so that it can be done again${mend}`);
  }
  return words === undefined ? plainCommands(commands) : commandSource(words, options);
}

/**
 * The options of a run, and over them those that are given now.
 * @param defaults of config file and environment, which the run's own go over
 * @throws PsshError ERR_USAGE for what a record does not hold
 */
export function rerunOptions(
  record: RunRecord,
  defaults: Partial<ExecOptions>,
  said: Partial<ExecOptions>,
  env: NodeJS.ProcessEnv,
): ExecOptions {
  const { split, weights, argv, keepGoing, maxFail, failFast, ...kept } = record.options as ExecOptions;
  const limits =
    said.keepGoing === true
      ? {}
      : said.maxFail !== undefined || said.failFast === true
        ? { maxFail, failFast }
        : { keepGoing, maxFail, failFast };
  const recorded = {
    ...kept,
    ...limits,
    ...fromFolder(kept, record.cwd),
    ...(argv === true && record.words !== undefined ? { argv } : {}),
    // The shares are among the values that were kept.
    ...(split === undefined ? {} : { template: true }),
  };
  if (said.sshOption === undefined && kept.sshOption?.includes('SetEnv'))
    throw usageError('the values of -o SetEnv are not kept in records; write all -o options again');
  const variables = [...missing(record.env, said.env ?? [], env), ...(said.env ?? [])];
  const merged = { ...defaults, ...recorded, ...said, ...(variables.length === 0 ? {} : { env: variables }) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as ExecOptions;
}

/** Names that were set then and are not set now come from our own variables, as `--env NAME` has it. */
function missing(
  names: readonly string[],
  said: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const given = new Set(said.map((entry) => entry.split('=', 1)[0]));
  const left = names.filter((name) => !given.has(name));
  const unset = left.find((name) => env[name] === undefined);
  if (unset === undefined) return left;
  throw usageError(`the value of ${show(unset)} is not kept in records; write --env ${unset}=VALUE again`);
}

/** Names of files in options, meant from the folder that the run was started in. */
function fromFolder(options: ExecOptions, cwd: string): Partial<ExecOptions> {
  const { sshConfig, knownHosts, identity, fetch, script } = options;
  const full = (file: string): string => (/^[~%]/.test(file) ? file : path.resolve(cwd, file));
  return {
    ...(sshConfig === undefined || sshConfig === 'none' ? {} : { sshConfig: full(sshConfig) }),
    ...(knownHosts === undefined ? {} : { knownHosts: full(knownHosts) }),
    ...(script === undefined ? {} : { script: full(script) }),
    ...(identity === undefined ? {} : { identity: identity.map(full) }),
    ...(fetch === undefined
      ? {}
      : { fetch: fetch.map((pair) => pair.replace(/[^:]*$/, (local) => path.resolve(cwd, local))) }),
  };
}
