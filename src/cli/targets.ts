import { readFileSync } from 'node:fs';
import { usageError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { show } from '../core/show.js';
import { numberTargets, type Target, type TargetSpec } from '../core/target.js';
import { evaluateExpression, excludeTargets } from '../inventory/expression.js';
import { isHostListFile } from '../inventory/hostfile.js';
import type { ConfigFile } from './config-file.js';
import { wholeNumber } from './connection-options.js';
import { checkedFormat, isRegularFile, readInput } from './hosts-files.js';
import { InventoryView } from './inventory-view.js';
import type { Io } from './io.js';
import type { SharedOptions, TargetSource } from './shared-options.js';

const MOST_HOSTS = 1_000_000;

export interface TargetRequest {
  readonly options: SharedOptions;
  readonly connection: ConnectionOptions;
  readonly config: ConfigFile;
  readonly io: Pick<Io, 'stdin'>;
  /** Told when a bare name was read as a file. */
  readonly onNote: (note: string) => void;
}

/** The inventory that the options name. @throws PsshError ERR_INVENTORY, ERR_USAGE */
export async function openInventory({
  options,
  connection,
  config,
  io,
}: TargetRequest): Promise<InventoryView> {
  const readsInput = (options.host ?? []).some(
    ({ kind, value }) => value === '-' && kind !== 'host' && kind !== 'group',
  );
  return InventoryView.open(connection, {
    input: readsInput ? await readInput(io.stdin) : null,
    files: (options.host ?? []).flatMap(({ kind, value }) => (kind === 'hostfile' ? value : [])),
    scripts: options.inventoryScript ?? [],
    format: checkedFormat(options.hostfileFormat),
    config,
    limit: wholeNumber(options.maxHosts, '--max-hosts', 1, 100_000_000) ?? MOST_HOSTS,
  });
}

/**
 * The targets that the options name, in the order written.
 * @throws PsshError ERR_USAGE for no target, ERR_INVENTORY for a bad expression or file
 */
export async function resolveTargets(request: TargetRequest): Promise<Target[]> {
  const specs = namedHosts(request, await openInventory(request));
  if (specs === null) {
    throw usageError('no target; name hosts with -H web1,web2, --hostfile FILE, -g GROUP or -a');
  }
  if (specs.length === 0) throw usageError('no target is left; the expressions and files name no host');
  return numberTargets(specs);
}

/** The hosts that the options name, each once, without those taken away. Null: nothing was named. */
export function namedHosts(request: TargetRequest, view: InventoryView): readonly TargetSpec[] | null {
  const { options } = request;
  const specs = chosen(request, view);
  if (specs === null) return null;
  // One source has no repeats in it, and looking for some among a million takes a second.
  const once = (options.host ?? []).length === 1 && options.all !== true ? specs : numberTargets(specs);
  const excluded = (options.exclude ?? []).flatMap((text) => evaluateExpression(text, view.context, '-x'));
  return pick(excluded.length === 0 ? once : excludeTargets(once, excluded), options.pick);
}

/** Null: nothing was named. */
function chosen(request: TargetRequest, view: InventoryView): readonly TargetSpec[] | null {
  const { options } = request;
  const sources = options.host ?? [];
  // A plain list of hosts can only be meant as targets; an inventory beside -H, -g or -a is where their names come from.
  const picks = options.all === true || sources.some(({ kind }) => kind !== 'hostfile');
  const scripts = options.inventoryScript !== undefined && !picks;
  if (sources.length === 0 && options.all !== true && !scripts) return null;
  const hostsOf = (source: TargetSource): readonly TargetSpec[] => {
    if (source.kind !== 'hostfile') return sourceHosts(source, request, view);
    return picks && !view.isPlainList(source.value) ? [] : view.hostsOf(source.value);
  };
  const [first] = sources;
  const everything = options.all === true || scripts ? everyHost(view) : [];
  if (first !== undefined && sources.length === 1 && everything.length === 0) return hostsOf(first);
  return [...sources.flatMap(hostsOf), ...everything];
}

function everyHost(view: InventoryView): TargetSpec[] {
  const hosts = view.all();
  if (hosts.length > 0) return hosts;
  const groups = view.groupNames();
  if (groups.length > 0) return groups.flatMap((name) => view.group(name) ?? []);
  throw usageError(
    '-a: there is no inventory; name one with --hostfile FILE, or as inventory = FILE in the config file',
  );
}

function sourceHosts(
  { kind, value }: TargetSource,
  request: TargetRequest,
  view: InventoryView,
): readonly TargetSpec[] {
  if (kind === 'stdin') return stdinHosts(view);
  if (kind === 'group') return evaluateExpression(value.replace(/^@?/, '@'), view.context, '-g');
  if (/^(\.{0,2}|~)\//.test(value)) return view.implied(value);
  if (!isImpliedFile(value, view)) return evaluateExpression(value, view.context, '-H');
  request.onNote(`-H ${show(value)} is read as a file of hosts (write ./${value} to say so, or --hostfile)`);
  return view.implied(value);
}

/**
 * A bare name that is a file is read as one only when it is no known name and every line of it is a host: a
 * folder full of other people's files must not choose our targets.
 */
function isImpliedFile(value: string, view: InventoryView): boolean {
  if (!/^[\w.-]+$/.test(value) || !isRegularFile(value) || view.isKnownName(value)) return false;
  return isHostListFile(readFileSync(value, 'utf8'), view.expand);
}

/** N of them at random, in their order. */
function pick<T>(specs: readonly T[], text: string | undefined): readonly T[] {
  const count = wholeNumber(text, '--pick', 1, 100_000_000);
  if (count === null || count >= specs.length) return specs;
  const places = [...specs.keys()];
  for (let place = 0; place < count; place += 1) {
    const other = place + Math.floor(Math.random() * (places.length - place));
    [places[place], places[other]] = [places[other] as number, places[place] as number];
  }
  const taken = new Set(places.slice(0, count));
  return specs.filter((_, place) => taken.has(place));
}

/** Host expressions, one or more a line; `#` begins a line of comment. */
function stdinHosts(view: InventoryView): readonly TargetSpec[] {
  const lines = (view.input ?? '').split(/\r?\n/);
  const expressions = lines.filter((line) => !/^\s*(#|$)/.test(line));
  const text = expressions.join(' ');
  if (text === '') return [];
  if (expressions.length === 1)
    return evaluateExpression(text, view.context, `stdin:${lines.indexOf(text) + 1}`);
  try {
    return evaluateExpression(text, view.context, 'stdin');
  } catch {
    // All at once is quicker; one by one tells the line, and says whether the joining was at fault.
    return lines.flatMap((line, index) =>
      /^\s*(#|$)/.test(line) ? [] : evaluateExpression(line.trim(), view.context, `stdin:${index + 1}`),
    );
  }
}
