import type { RunSummary } from '../core/events.js';
import { EXIT, exitCode, maxStatus } from '../core/exit-code.js';
import { type HostResult, hostStatus, STATUSES, type Status } from '../core/result.js';
import { type Target, targetKey } from '../core/target.js';
import type { RunDocument } from './read-run.js';

/** Several runs as one. */
export interface MergedRun {
  readonly startedAt: Date;
  /** Null: they differ, or were several. */
  readonly command: string | null;
  readonly targets: readonly Target[];
  /** In the targets' order, steps in turn. */
  readonly results: readonly HostResult[];
  readonly summary: RunSummary;
  /** Hosts that stand in more than one of them. */
  readonly repeated: readonly Target[];
}

interface MergedHost {
  readonly target: Target;
  readonly results: HostResult[];
  documents: number;
}

/**
 * Joins runs on the parts of one list. A host that stands in several has all their results, as further steps, and
 * counts as the worst of them: nothing that failed gets lost.
 */
export function mergeRuns(runs: readonly RunDocument[], byMaxStatus: boolean): MergedRun {
  const hosts = numbered(gathered(runs));
  const results = hosts.flatMap((host) => host.results);
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const host of hosts) counts[hostStatus(host.results)] += 1;
  const starts = runs.map(({ startedAt }) => startedAt.getTime());
  const ends = runs.map(({ startedAt, durationMs }) => startedAt.getTime() + durationMs);
  const begin = starts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const end = ends.reduce((a, b) => Math.max(a, b), 0);
  const commands = new Set(runs.map(({ command }) => command));
  const [command = null] = commands;
  return {
    startedAt: new Date(begin),
    command: commands.size === 1 ? command : null,
    targets: hosts.map(({ target }) => target),
    results,
    summary: {
      total: hosts.length,
      counts,
      durationMs: end - begin,
      exitCode: byMaxStatus ? maxStatus(results) : codeOf(runs, results),
    },
    repeated: hosts.filter(({ documents }) => documents > 1).map(({ target }) => target),
  };
}

function gathered(runs: readonly RunDocument[]): readonly MergedHost[] {
  const hosts = new Map<string, MergedHost>();
  for (const run of runs) {
    const steps = new Map<string, number>();
    for (const result of run.results) {
      const key = targetKey(result.target);
      const host = hosts.get(key) ?? { target: result.target, results: [], documents: 0 };
      hosts.set(key, host);
      let first = steps.get(key);
      if (first === undefined) {
        first = host.results.reduce((most, { step }) => Math.max(most, step + 1), 0);
        steps.set(key, first);
        host.documents += 1;
      }
      host.results.push({ ...result, target: host.target, step: first + result.step });
    }
  }
  return [...hosts.values()];
}

/** By their places in the list; numbered anew where two have the same, as the lists were not one. */
function numbered(hosts: readonly MergedHost[]): readonly MergedHost[] {
  const sorted = [...hosts].sort((a, b) => a.target.index - b.target.index);
  if (new Set(sorted.map(({ target }) => target.index)).size === sorted.length) return sorted;
  return sorted.map((host, index) => {
    const target = { ...host.target, index };
    return { ...host, target, results: host.results.map((result) => ({ ...result, target })) };
  });
}

/** A run that ended by an interrupt or our own failure did not do its part, whatever its results say. */
function codeOf(runs: readonly RunDocument[], results: readonly HostResult[]): number {
  const own = runs.flatMap(({ exitCode: code, results: part }) =>
    code === null || code === exitCode(part) || code === maxStatus(part) ? [] : code,
  );
  const [first] = own;
  return own.includes(EXIT.failure) ? EXIT.failure : (first ?? exitCode(results));
}
