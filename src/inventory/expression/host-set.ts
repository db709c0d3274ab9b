import type { TargetSpec } from '../../core/target.js';

/** Host and login as one text: two specs with the same are one target. */
function identity(spec: TargetSpec): string {
  // Most targets have no user and no port; their host is key enough and costs no new string.
  if (spec.user === undefined && spec.port === undefined && !spec.host.includes('@')) return spec.host;
  return key(spec.host, spec.user, spec.port);
}

/** Targets in the order they came, each once. */
export class HostSet {
  private readonly specs = new Map<string, TargetSpec>();

  constructor(specs: Iterable<TargetSpec> = []) {
    for (const spec of specs) this.add(spec);
  }

  get size(): number {
    return this.specs.size;
  }

  add(spec: TargetSpec): void {
    const id = identity(spec);
    if (!this.specs.has(id)) this.specs.set(id, spec);
  }

  values(): TargetSpec[] {
    return [...this.specs.values()];
  }
}

/**
 * Which targets a list names. An item written without user@ or :port names its host under whatever login: who
 * takes `web1` away wants nothing run on web1, as root or otherwise. One written with a user or port names
 * those logins alone.
 */
function namedBy(items: readonly TargetSpec[]): (spec: TargetSpec) => boolean {
  const keys = new Set<string>();
  let logins = false;
  for (const item of items) {
    const user = writtenUser(item);
    const port = writtenPort(item);
    if (user === undefined && port === undefined) {
      keys.add(item.host);
    } else {
      logins = true;
      keys.add(key(item.host, user, port));
    }
  }
  return ({ host, user, port }) =>
    keys.has(host) ||
    (logins &&
      (keys.has(key(host, user, undefined)) ||
        keys.has(key(host, undefined, port)) ||
        keys.has(key(host, user, port))));
}

/** `A!B` */
export function difference<T extends TargetSpec>(left: readonly T[], right: readonly TargetSpec[]): T[] {
  const named = namedBy(right);
  return left.filter((spec) => !named(spec));
}

/** `A&B` */
export function intersection(left: readonly TargetSpec[], right: readonly TargetSpec[]): TargetSpec[] {
  return left.filter(namedBy(right));
}

/** `A^B`: `A!B` and then `B!A`. */
export function either(left: readonly TargetSpec[], right: readonly TargetSpec[]): TargetSpec[] {
  return [...difference(left, right), ...difference(right, left)];
}

// An inventory's user or port is not written at the item: its label is the bare name.
function writtenUser({ user, label }: TargetSpec): string | undefined {
  return label.includes('@') ? user : undefined;
}

function writtenPort({ host, port, label }: TargetSpec): number | undefined {
  if (port === undefined || label === host) return undefined;
  return /:\d+\/?$/.exec(label)?.[0].replace('/', '') === `:${port}` ? port : undefined;
}

// A blank stands in no host, user or port: no two keys run into each other.
function key(host: string, user: string | undefined, port: number | undefined): string {
  return `${host} ${user ?? ''} ${port ?? ''}`;
}
