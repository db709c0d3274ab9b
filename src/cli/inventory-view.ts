import { inventoryError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { show } from '../core/show.js';
import type { TargetSpec } from '../core/target.js';
import { type ExpressionContext, evaluateExpression } from '../inventory/expression.js';
import type { HostfileFormat } from '../inventory/hostfile.js';
import { type Expand, type Inventory, type InventoryHost, mergeInventories } from '../inventory/inventory.js';
import { aliasNames } from '../library/alias-names.js';
import type { ConfigFile } from './config-file.js';
import { readHostsFile, runInventoryScript } from './hosts-files.js';

export interface InventorySources {
  /** `--hostfile`, in order. */
  readonly files: readonly string[];
  readonly scripts: readonly string[];
  readonly format: HostfileFormat | undefined;
  /** Its `inventory` counts where no file is named; its groups always. */
  readonly config: ConfigFile;
  readonly limit: number;
  /** What stdin holds, where a source is `-`. */
  readonly input: string | null;
}

/** Everything that a name or `@group` on the command line can mean. */
export class InventoryView {
  readonly context: ExpressionContext;
  /** Each `--hostfile` by its path. */
  readonly files = new Map<string, Inventory>();
  private merged: Inventory = { hosts: new Map(), groups: new Map() };
  private byHost = new Map<string, InventoryHost>();
  private aliases: ReadonlySet<string> | null = null;
  // A group of the config file that is being evaluated: one that names itself would never end.
  private readonly open = new Set<string>();

  private constructor(
    private readonly connection: ConnectionOptions,
    private readonly sources: InventorySources,
  ) {
    this.context = {
      group: (name) => this.group(name),
      groupNames: () => this.groupNames(),
      names: () => [...this.merged.hosts.keys(), ...this.aliasNames()],
      lookup: (name) => this.lookup(name),
      file: (path) => this.implied(path),
      limit: sources.limit,
    };
  }

  /** @throws PsshError ERR_INVENTORY, ERR_USAGE */
  static async open(connection: ConnectionOptions, sources: InventorySources): Promise<InventoryView> {
    const view = new InventoryView(connection, sources);
    const { files, scripts, config } = sources;
    const list: Inventory[] = [];
    for (const path of files.length + scripts.length > 0 ? files : config.inventory) {
      const inventory = view.read(path, list);
      list.push(inventory);
      view.files.set(path, inventory);
    }
    for (const path of scripts) list.push(await runInventoryScript(path));
    view.merged = mergeInventories(list);
    for (const host of view.merged.hosts.values())
      if (!view.byHost.has(host.spec.host)) view.byHost.set(host.spec.host, host);
    return view;
  }

  /** What stdin holds, where a source is `-`. */
  get input(): string | null {
    return this.sources.input;
  }

  /** Every host of the inventory. */
  all(): TargetSpec[] {
    return [...this.merged.hosts.values()].map(specOf);
  }

  /** The hosts of one `--hostfile`, with what the other files say of them. */
  hostsOf(path: string): TargetSpec[] {
    return [...(this.files.get(path)?.hosts.keys() ?? [])].flatMap((name) => this.lookup(name) ?? []);
  }

  /** Whether a hosts file is only a list: then its hosts are targets beside `-H`. */
  isPlainList(path: string): boolean {
    return this.files.get(path)?.groups.size === 0;
  }

  isKnownName(name: string): boolean {
    return this.lookup(name) !== undefined || this.aliasNames().has(name);
  }

  groupNames(): string[] {
    return [...new Set([...this.merged.groups.keys(), ...this.sources.config.groups.keys()])];
  }

  group(name: string): TargetSpec[] | undefined {
    const members = this.merged.groups.get(name);
    if (members !== undefined) return members.flatMap((member) => this.lookup(member) ?? []);
    const configured = this.sources.config.groups.get(name);
    if (configured === undefined) return undefined;
    if (this.open.has(name))
      throw inventoryError(`${configured.where}: group ${show(name)} holds itself; take it out`);
    this.open.add(name);
    try {
      return configured.values.flatMap((text) => evaluateExpression(text, this.context, configured.where));
    } finally {
      this.open.delete(name);
    }
  }

  /** Reads a hosts file that a value named (`^FILE`, `./FILE`): its hosts are the value's. */
  implied(path: string): TargetSpec[] {
    return [...this.read(path, []).hosts.values()].map(specOf);
  }

  expand: Expand = (text, where, group) => {
    // Without `file`: a hosts file that names files could name itself.
    const { file: _file, ...inside } = this.context;
    const own = (name: string) => group?.(name) ?? inside.group?.(name);
    return evaluateExpression(text, { ...inside, group: own }, where);
  };

  private read(path: string, before: readonly Inventory[]): Inventory {
    const known = new Set(before.flatMap(({ groups }) => [...groups.keys()]));
    const text = path === '-' ? this.sources.input : null;
    return readHostsFile(path, text, this.sources.format, this.expand, known);
  }

  private lookup(name: string): TargetSpec | undefined {
    const host = this.merged.hosts.get(name);
    return host === undefined ? undefined : specOf(host);
  }

  private aliasNames(): ReadonlySet<string> {
    this.aliases ??= aliasNames(this.connection);
    return this.aliases;
  }
}

function specOf({ spec, sshOptions }: InventoryHost): TargetSpec {
  return sshOptions === undefined ? spec : { ...spec, sshOptions };
}
