import type { Readable } from 'node:stream';
import { usageError } from '../core/errors.js';
import type { RunEvent, RunSummary, Sink } from '../core/events.js';
import type { RunOptions } from '../core/options.js';
import type { HostResult } from '../core/result.js';
import type { Target } from '../core/target.js';
import type { PlannedHost } from '../run/plan.js';
import { runPlan } from '../run/runner.js';
import type { Host } from './host.js';
import { openInput } from './input.js';
import { linkSignals } from './link-signals.js';

/** Work on hosts, planned for each. */
export interface PlannedRun {
  readonly hosts: readonly Host[];
  /** For each of them, in their order; the targets' indices are their places. */
  readonly plan: readonly PlannedHost[];
  readonly run: RunOptions;
  /** Those that end it: the caller's, the owners'. */
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly stdin?: string | Uint8Array | Readable | undefined;
  readonly sinks: readonly Sink[];
}

/** The targets of hosts, numbered for one run. */
export const targetsFor = (hosts: readonly Host[]): readonly Target[] =>
  hosts.map(({ target }, index) => ({ ...target, index }));

/** Tells a caller's function of each event. */
export function teller<T extends RunEvent>(
  onEvent: ((event: T) => void | Promise<void>) | undefined,
): Sink[] {
  // What the runner sends is what the narrower events say; a test looks at the endings.
  return onEvent === undefined ? [] : [{ event: (event) => onEvent(event as T) }];
}

/** @throws PsshError ERR_USAGE, ERR_MASTER; what a sink throws, or the input */
export async function runPlanned(
  request: PlannedRun,
): Promise<{ readonly results: readonly HostResult[]; readonly summary: RunSummary }> {
  const linked = linkSignals(request.signals);
  const working = runLinked(request, linked).finally(linked.dispose);
  for (const host of request.hosts) host.track(working).catch(() => undefined);
  return working;
}

async function runLinked(
  { hosts, plan, run, stdin, sinks }: PlannedRun,
  { signal, abort }: ReturnType<typeof linkSignals>,
) {
  const [first] = hosts;
  if (first === undefined) throw usageError('there is no machine to run on; add one');
  const reaches = await Promise.all(hosts.map((host) => host.reach()));
  const usual = await first.reach();
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => {
    faults.push(error);
    abort(error);
  };
  const input = await openInput(stdin, onFault);
  try {
    const outcome = await runPlan({
      plan,
      ...usual,
      reachOf: (target: Target) => reaches[target.index] ?? usual,
      options: run,
      sinks,
      stdin: input.reader,
      signal,
      onSinkError: onFault,
    });
    if (faults.length > 0) throw faults[0];
    return outcome;
  } finally {
    await input.close();
  }
}
