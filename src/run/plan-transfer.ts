import { usageError } from '../core/errors.js';
import type { TransferOptions } from '../core/files.js';
import { show } from '../core/show.js';
import { Digests } from '../transfer/digest.js';
import { type LocalSource, readLocalSource } from '../transfer/local-source.js';
import type { PlannedTransfer } from './plan.js';

/** What one host is sent, and where to. */
export interface PutPaths {
  /** What it does, for people. */
  readonly command: string;
  /** Paths of ours. */
  readonly sources: readonly string[];
  readonly dest: string;
}

/** What is brought of one host, and where to. */
export interface GetPaths {
  /** What it does, for people. */
  readonly command: string;
  /** Names or patterns of the host. */
  readonly sources: readonly string[];
  /** The folder of ours that its files go to, whole path. */
  readonly folder: string;
  /** Stands behind each name. */
  readonly suffix: string;
}

export interface GetPlanOptions {
  readonly options: TransferOptions;
  /** What is not there is passed over. */
  readonly ignoreMissing: boolean;
}

/**
 * A put for each host; what is sent is looked at now, each source once however many hosts it goes to.
 * @throws PsshError ERR_USAGE for what can't be sent
 */
export function planPut(hosts: readonly PutPaths[], options: TransferOptions): readonly PlannedTransfer[] {
  const digests = new Digests();
  const read = readOnce(options.recursive);
  return hosts.map(({ command, sources: paths, dest }) => {
    const sources = paths.map(read);
    refuseSameNames(sources);
    return { command, request: { kind: 'put', sources, dest, options, digests } };
  });
}

/**
 * A get for each host.
 * @param owners whose each file is, of all the gets of a run
 */
export function planGet(
  hosts: readonly GetPaths[],
  options: GetPlanOptions,
  owners = new Map<string, string>(),
): readonly PlannedTransfer[] {
  return hosts.map(({ command, ...paths }) => ({
    command,
    request: { kind: 'get', ...paths, ...options, owners },
  }));
}

function readOnce(recursive: boolean): (source: string) => LocalSource {
  const known = new Map<string, LocalSource>();
  return (source) => {
    const found = known.get(source) ?? readLocalSource(source, recursive);
    known.set(source, found);
    return found;
  };
}

function refuseSameNames(sources: readonly LocalSource[]): void {
  const names = new Map<string, string>();
  for (const { name, source } of sources) {
    const other = names.get(name);
    if (other !== undefined)
      throw usageError(
        `${show(other)} and ${show(source)} would have one name, ${show(name)}; put them one at a time`,
      );
    names.set(name, source);
  }
}
