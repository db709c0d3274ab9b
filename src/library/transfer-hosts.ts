import { createHash } from 'node:crypto';
import path from 'node:path';
import { usageError } from '../core/errors.js';
import type { RunEvent, RunSummary } from '../core/events.js';
import { fileNames } from '../core/file-name.js';
import type { Target } from '../core/target.js';
import { type TransferEvent, type TransferResult, transferResult } from '../core/transfer-result.js';
import type { PlannedTransfer } from '../run/plan.js';
import { planGet, planPut } from '../run/plan-transfer.js';
import {
  type ClusterGetOptions,
  FILE_OPTIONS,
  type GetOptions,
  type PutOptions,
  resolveFiles,
} from './file-options.js';
import type { Host } from './host.js';
import type { MachineOptions } from './options.js';
import { runPlanned, targetsFor, teller } from './run-planned.js';

/** A path, or what gives each machine its own. */
export type PathOf = string | ((target: Target) => string);

/** What moving files to or from several machines came to. */
export interface TransferOutcome {
  /** One for each machine, in their order. */
  readonly results: readonly TransferResult[];
  /** How many machines ended how. */
  readonly summary: RunSummary;
}

interface HostsTransfer<T> {
  readonly hosts: readonly Host[];
  readonly sources: PathOf | readonly PathOf[];
  /** @default the login's home, the current folder */
  readonly dest: PathOf | undefined;
  readonly defaults: MachineOptions;
  readonly options: T;
  /** Those whose closing ends it. */
  readonly owners: readonly AbortSignal[];
}

/** Where to, and how; the former may be left out. */
export function destAndOptions<P extends PathOf, T extends object>(
  second: P | T | undefined,
  third: T | undefined,
): { readonly dest: P | undefined; readonly options: T | Record<string, never> } {
  return typeof second === 'object'
    ? { dest: undefined, options: second }
    : { dest: second, options: third ?? {} };
}

/** Sends files. @throws PsshError ERR_USAGE, ERR_MASTER; what onEvent throws */
export async function putToHosts(request: HostsTransfer<PutOptions>): Promise<TransferOutcome> {
  const { run, files } = resolveFiles(request.defaults, request.options, FILE_OPTIONS.put);
  const targets = targetsFor(request.hosts);
  const paths = targets.map((target) => pathsFor('put', request, target));
  return runTransfers(request, run, targets, planPut(paths, files));
}

/** Brings files of one machine, into the folder itself. @throws as {@link putToHosts} */
export async function getFromHost(request: HostsTransfer<GetOptions>): Promise<TransferOutcome> {
  return getWith(request, FILE_OPTIONS.get, (folder) => ({ folder, suffix: '' }));
}

/** Brings files of each machine, into a folder of its own. @throws as {@link putToHosts} */
export async function getFromHosts(request: HostsTransfer<ClusterGetOptions>): Promise<TransferOutcome> {
  const names = fileNames(targetsFor(request.hosts), sha256);
  const flat = request.options.flat === true;
  return getWith(request, FILE_OPTIONS.getOfMany, (folder, { index }) => {
    const name = names[index] ?? '';
    return flat ? { folder, suffix: `.${name}` } : { folder: path.join(folder, name), suffix: '' };
  });
}

async function getWith(
  request: HostsTransfer<ClusterGetOptions>,
  known: Readonly<Record<string, true>>,
  place: (folder: string, target: Target) => { readonly folder: string; readonly suffix: string },
): Promise<TransferOutcome> {
  const { defaults, options } = request;
  const { run, files } = resolveFiles(defaults, options, known);
  const targets = targetsFor(request.hosts);
  const hosts = targets.map((target) => {
    const { command, sources, dest } = pathsFor('get', request, target);
    return { command, sources, ...place(path.resolve(dest), target) };
  });
  const ignoreMissing = options.ignoreMissing === true;
  return runTransfers(request, run, targets, planGet(hosts, { options: files, ignoreMissing }));
}

async function runTransfers(
  { hosts, defaults, options, owners }: HostsTransfer<PutOptions>,
  run: ReturnType<typeof resolveFiles>['run'],
  targets: readonly Target[],
  plans: readonly PlannedTransfer[],
): Promise<TransferOutcome> {
  const { signal, onEvent = defaults.onEvent } = options;
  const narrowed =
    onEvent &&
    ((event: RunEvent) => onEvent(event.type === 'finished' ? finished(event) : (event as TransferEvent)));
  const plan = targets.map((target, place) => ({ target, steps: plans.slice(place, place + 1) }));
  const signals = [signal, ...owners];
  const { results, summary } = await runPlanned({ hosts, plan, run, signals, sinks: teller(narrowed) });
  return { results: results.map(transferResult), summary };
}

const finished = (event: Extract<RunEvent, { type: 'finished' }>): TransferEvent => ({
  ...event,
  result: transferResult(event.result),
});

function pathsFor(kind: 'put' | 'get', { sources, dest }: HostsTransfer<unknown>, target: Target) {
  const words = (Array.isArray(sources) ? (sources as readonly PathOf[]) : [sources as PathOf]).map(
    (source) => pathFor(kind, source, target),
  );
  if (words.length === 0) throw usageError(`${kind}: there is no path; name a file`);
  const place = dest === undefined ? [] : [pathFor(kind, dest, target)];
  return { command: [kind, ...words, ...place].join(' '), sources: words, dest: place[0] ?? '.' };
}

function pathFor(kind: string, given: PathOf, target: Target): string {
  const word: unknown = typeof given === 'function' ? given(target) : given;
  if (typeof word !== 'string') throw usageError(`${kind}: a path is ${typeof word}; give text`);
  if (word === '') throw usageError(`${kind}: a path is empty; name a file`);
  if (word.includes('\0')) throw usageError(`${kind}: a path holds a zero byte; no file can be called that`);
  return word;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
