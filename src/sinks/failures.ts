import { type HostResult, type Status, WORST_FIRST } from '../core/result.js';
import type { Target } from '../core/target.js';
import { hintFor } from './hints.js';
import { type Ending, type Limits, reasonOf } from './outcome.js';

/** Hosts that failed for one reason. */
export interface FailureGroup {
  readonly status: Status;
  readonly targets: readonly Target[];
  readonly reason: string;
  /** What to try, told once for all groups it is for. */
  readonly hint: string | null;
}

const ORDER: readonly Status[] = [...WORST_FIRST, 'skipped'];

// A thousand hosts may have a thousand reasons; what is left out is in --json and --ndjson.
const MOST_REASONS = 6;

/** Failures by kind and reason. Small: of a result only what tells how it ended is held. */
export class Failures {
  private readonly list: { readonly target: Target; readonly ending: Ending }[] = [];
  private readonly idle = new Set<number>();
  private readonly planned: Target[] = [];

  add(result: HostResult): void {
    if (result.status === 'ok') return;
    const { target, step, skippedBy } = result;
    if (skippedBy === 'plan') {
      if (step === 0) this.planned.push(target);
      return;
    }
    if (result.status === 'skipped') {
      // Of a host that was never begun the first step says it for all.
      if (this.idle.has(target.index)) return;
      if (step === 0) this.idle.add(target.index);
    }
    const { status, exitCode, signal, killed, error, timedOutBy } = result;
    this.list.push({
      target,
      ending: {
        step,
        status,
        exitCode,
        signal,
        killed,
        error,
        ...(skippedBy === undefined ? {} : { skippedBy }),
        ...(timedOutBy === undefined ? {} : { timedOutBy }),
      },
    });
  }

  /** Hosts that failed; not those on which nothing was begun. */
  get hosts(): number {
    return new Set(this.list.map(({ target }) => target.index)).size - this.idle.size;
  }

  /** Hosts on which nothing was begun, because of others or the deadline. */
  get notBegun(): number {
    return this.idle.size;
  }

  /** Hosts on which nothing was to be run. */
  get leftOut(): readonly Target[] {
    return this.planned;
  }

  groups(limits: Limits): FailureGroup[] {
    return ORDER.flatMap((status) => this.ofStatus(status, limits));
  }

  private ofStatus(status: Status, limits: Limits): FailureGroup[] {
    const groups = new Map<string, { targets: Set<Target>; reasons: Set<string>; ending: Ending }>();
    for (const { target, ending } of this.list) {
      if (ending.status !== status) continue;
      const reason = reasonOf(ending, limits);
      const key = withoutNames(reason, target);
      const group = groups.get(key);
      if (group === undefined)
        groups.set(key, { targets: new Set([target]), reasons: new Set([reason]), ending });
      else {
        group.targets.add(target);
        // Two are enough to know that they differ.
        if (group.reasons.size < 2) group.reasons.add(reason);
      }
    }
    const found = [...groups.values()].sort((a, b) => b.targets.size - a.targets.size);
    const kept = found.length > MOST_REASONS ? found.slice(0, MOST_REASONS - 1) : found;
    const told = new Set<string | undefined>();
    const shown = kept.map(({ targets, reasons, ending }): FailureGroup => {
      const [first] = targets;
      const [reason = ''] = reasons;
      const kind = ending.timedOutBy ?? ending.error?.code;
      const isTold = told.has(kind);
      told.add(kind);
      const hint = first === undefined || isTold ? null : hintOf(ending, first);
      return {
        status,
        targets: [...targets],
        reason: reasons.size > 1 ? `${reason}, and alike` : reason,
        hint,
      };
    });
    const rest = found.slice(kept.length);
    if (rest.length === 0) return shown;
    const targets = [...new Set(rest.flatMap((group) => [...group.targets]))];
    return [...shown, { status, targets, reason: `${rest.length} other reasons`, hint: null }];
  }
}

function hintOf({ status, error, timedOutBy }: Ending, target: Target): string | null {
  if (status === 'timed-out')
    return `${timedOutBy === 'deadline' ? '--deadline gives the run' : '-u gives a command'} more time`;
  return error === null ? null : hintFor(error.code, target.host);
}

/** A reason without what is each host's own in it: its name, addresses, ports. So the same failure is the same. */
export function withoutNames(reason: string, { host }: Pick<Target, 'host'>): string {
  const name = new RegExp(`(?<![\\w.-])${host.replace(/[^\w]/g, '\\$&')}(?![\\w-])`, 'g');
  return reason
    .replace(name, '*')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(%\w+)?|\bport \d+/gi, '*');
}
