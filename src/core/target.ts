/** ssh options that an inventory sets for one host. */
export interface HostSshOptions {
  /** `ssh -i`, in order. */
  readonly identities: readonly string[];
  /** `ssh -J`. */
  readonly jump?: string;
  /** `ssh -F`. */
  readonly configFile?: string;
  /** `ssh -o`, each `Key=value`, in order: ssh takes the first of a key. */
  readonly options: readonly string[];
}

/** One machine to work on, as the user named it. */
export interface Target {
  /** An ssh_config alias, a host name or an address: what stands behind `ssh`. */
  readonly host: string;
  /** Login name, `ssh -l`; absent: what ssh would use. */
  readonly user?: string;
  /** Port, `ssh -p`; absent: what ssh would use. */
  readonly port?: number;
  /** The target as it was written, for showing: `deploy@web1:2222`. */
  readonly label: string;
  /** Place in the list of targets, from 0. */
  readonly index: number;
  /** Inventory variables of this host. */
  readonly vars: Readonly<Record<string, string>>;
  /** What the inventory says of the way there; absent: nothing. */
  readonly sshOptions?: HostSshOptions;
}

/** A target before it has its place in the list. */
export type TargetSpec = Omit<Target, 'index'>;

/** The name the user knows it by: the inventory's, else the host as written. */
export function targetName(target: Pick<Target, 'host' | 'vars'>): string {
  return target.vars.inventory_hostname ?? target.host;
}

/** What makes two targets the same machine and login. */
export function targetKey(target: Pick<Target, 'host' | 'user' | 'port'>): string {
  // Most have neither user nor port; no host holds an @, so the two forms can't meet.
  if (target.user === undefined && target.port === undefined) return target.host;
  return `${target.user ?? ''}@${target.host}:${target.port ?? ''}`;
}

/** Numbers the targets in the order written; of repeats the first stays. */
export function numberTargets(specs: Iterable<TargetSpec>): Target[] {
  const seen = new Set<string>();
  const targets: Target[] = [];
  for (const spec of specs) {
    const key = targetKey(spec);
    if (seen.has(key)) continue;
    seen.add(key);
    targets.push({ ...spec, index: targets.length });
  }
  return targets;
}
