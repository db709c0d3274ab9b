import type { Output } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import type { KeptHost } from './host-outputs.js';
import type { Ending } from './outcome.js';

/** Hosts whose commands wrote the same and ended alike. */
export interface Group {
  readonly labels: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  readonly endings: readonly Ending[];
  readonly truncated: boolean;
}

/** Hosts grouped as they finish: of equal outputs one is kept. */
export class Groups {
  private readonly groups = new Map<string, Group & { labels: string[] }>();

  add({ target, stdout, stderr, endings, identity }: KeptHost): void {
    const known = this.groups.get(identity);
    if (known !== undefined) {
      known.labels.push(target.label);
      stdout.discard();
      stderr.discard();
      return;
    }
    const truncated = stdout.truncated || stderr.truncated;
    this.groups.set(identity, { labels: [target.label], stdout, stderr, endings, truncated });
  }

  /** The largest first, of equal ones by name. */
  list(): Group[] {
    const collator = new Intl.Collator('en', { numeric: true });
    const named = [...this.groups.values()].map((group) => ({
      group,
      first: group.labels.reduce((least, label) => (collator.compare(label, least) < 0 ? label : least)),
    }));
    named.sort((a, b) => b.group.labels.length - a.group.labels.length || collator.compare(a.first, b.first));
    return named.map(({ group }) => group);
  }
}

export const hasOutput = ({ stdout, stderr }: Pick<Group, 'stdout' | 'stderr'>): boolean =>
  stdout.length > 0 || stderr.length > 0;

const NEVER_RAN: ReadonlySet<HostResult['status']> = new Set([
  'unreachable',
  'auth-failed',
  'host-key-failed',
  'skipped',
]);

/** Whether any command of the group was started. */
export const hasRun = ({ endings }: Pick<Group, 'endings'>): boolean =>
  endings.some(({ status }) => !NEVER_RAN.has(status));
