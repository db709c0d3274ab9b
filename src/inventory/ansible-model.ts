import type { VarValue } from './var-value.js';

export interface ModelGroup {
  readonly name: string;
  readonly vars: Map<string, VarValue>;
  readonly hosts: Set<string>;
  /** Child groups, with the place that says so. */
  readonly children: Map<string, string>;
}

export interface ModelHost {
  readonly name: string;
  readonly where: string;
  readonly vars: Map<string, VarValue>;
}

/**
 * What Ansible inventories say before anything is concluded from it. Several files together are one model,
 * because a group's variables hold for hosts of other files too.
 */
export class AnsibleModel {
  readonly groups = new Map<string, ModelGroup>();
  readonly hosts = new Map<string, ModelHost>();

  constructor() {
    this.group('all');
    this.group('ungrouped');
  }

  /** The group of that name, made where it is new. */
  group(name: string): ModelGroup {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = { name, vars: new Map(), hosts: new Set(), children: new Map() };
      this.groups.set(name, group);
    }
    return group;
  }

  /** The host of that name; a port behind its name counts only where the name is first met, as in Ansible. */
  host(name: string, where: string, port?: string): ModelHost {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = { name, where, vars: new Map() };
      if (port !== undefined) host.vars.set('ansible_port', BigInt(port));
      this.hosts.set(name, host);
    }
    return host;
  }

  /** Adds another file's model; of two values for a variable the later one stays. */
  absorb(other: AnsibleModel): void {
    for (const { name, vars, hosts, children } of other.groups.values()) {
      const group = this.group(name);
      for (const [key, value] of vars) group.vars.set(key, value);
      for (const host of hosts) group.hosts.add(host);
      for (const [child, where] of children) group.children.set(child, where);
    }
    for (const { name, where, vars } of other.hosts.values()) {
      const host = this.host(name, where);
      for (const [key, value] of vars) host.vars.set(key, value);
    }
  }
}
