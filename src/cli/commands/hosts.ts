import { type Command, Option } from 'commander';
import { usageError } from '../../core/errors.js';
import { EXIT } from '../../core/exit-code.js';
import { foldNames, foldParts } from '../../core/fold.js';
import { RUN_DEFAULTS } from '../../core/options.js';
import { show } from '../../core/show.js';
import { numberTargets, type Target, type TargetSpec, targetName } from '../../core/target.js';
import { countExpression } from '../../inventory/expression.js';
import { regroup } from '../../inventory/regroup.js';
import { jsonSafe } from '../../sinks/terminal-safe.js';
import type { CommandContext } from '../command-context.js';
import { resolveConnection, wholeNumber } from '../connection-options.js';
import { configFileOf } from '../defaults.js';
import type { InventoryView } from '../inventory-view.js';
import type { Io } from '../io.js';
import {
  addConnectionOptions,
  addGeneralOptions,
  addTargetOptions,
  mergedOptions,
  type SharedOptions,
  type TargetSource,
} from '../shared-options.js';

import { namedHosts, openInventory, type TargetRequest } from '../targets.js';
import { addHostsKeysCommand } from './hosts-keys.js';

interface HostsOptions extends SharedOptions {
  readonly fold?: boolean;
  readonly expand?: boolean;
  readonly count?: boolean;
  readonly regroup?: boolean;
  readonly separator?: string;
  readonly json?: boolean;
  readonly resolved?: boolean;
}

const VIEWS = ['fold', 'expand', 'count', 'regroup', 'json'] as const;

export function addHostsCommand(program: Command, { io, done }: CommandContext): Command[] {
  const command = program
    .command('hosts')
    .description('Print, count, fold and group targets; connects to nothing.')
    .usage('[targets] [options] [EXPRESSION...] | keys [HOSTS...]')
    .argument('[expressions...]', 'host expressions; without any target they are read from stdin, as with -');
  addTargetOptions(command);
  addConnectionOptions(command);
  const options: readonly Option[] = [
    new Option('--fold', 'the shortest expression: node[1-3,7]'),
    new Option('--expand', 'all names on one line'),
    new Option('--count', 'how many they are'),
    new Option('--regroup', 'named by groups where these are whole, the rest folded'),
    new Option(
      '--separator <text>',
      'between the names; \\n and \\t are read (default: a newline, with --expand a blank)',
    ),
    new Option('--json', 'as JSON, with variables and groups'),
    new Option('--resolved', 'with user, address, port and jump host as ssh -G gives them'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Output:'));
  addGeneralOptions(command);
  command.action(async (expressions: readonly string[]) => {
    const { host = [], ...others } = mergedOptions<HostsOptions>(command);
    // Expressions are what is asked about; default targets of the config file are not.
    const isDefault = expressions.length > 0 && command.getOptionValueSource('host') === 'config';
    const asked = expressions.map(
      (value): TargetSource => ({ kind: value === '-' ? 'stdin' : 'host', value }),
    );
    const named = [...(isDefault ? [] : host), ...asked];
    const none = named.length === 0 && others.all === undefined && others.inventoryScript === undefined;
    const merged: HostsOptions = { ...others, host: none ? [{ kind: 'stdin', value: '-' }] : named };
    checkViews(merged);
    const connection = resolveConnection(merged, io.env);
    const config = configFileOf(program, io.env, command);
    const onNote = (note: string): void => void io.stderr.write(`pssh-ts: ${note}\n`);
    const request: TargetRequest = { options: merged, connection, config, io, onNote };
    await printHosts(request, merged, io);
    done(EXIT.ok);
  });
  return [command, addHostsKeysCommand(command, program, { io, done })];
}

function checkViews(options: HostsOptions): void {
  const asked = VIEWS.filter((view) => options[view] === true);
  const second = asked[1];
  if (second !== undefined) throw usageError(`--${asked[0]} and --${second} are two views; choose one`);
  if (options.resolved === true && asked[0] !== undefined && asked[0] !== 'json') {
    throw usageError(`--resolved goes with --json or alone, not with --${asked[0]}`);
  }
}

async function printHosts(request: TargetRequest, options: HostsOptions, io: Io): Promise<void> {
  const view = await openInventory(request);
  const range = onlyRange(options);
  if (options.count === true && range !== null) {
    io.stdout.write(`${countExpression(range, view.context, 'hosts')}\n`);
    return;
  }
  await print(namedHosts(request, view) ?? [], view, request, options, io);
}

/** The one expression that is asked about, where it needs no expanding to be counted. */
function onlyRange({ host = [], all, inventoryScript, exclude, pick }: HostsOptions): string | null {
  if ((all ?? inventoryScript ?? exclude ?? pick) !== undefined) return null;
  const [only] = host;
  // A range can't be the name of a file.
  return host.length === 1 && only?.kind === 'host' && only.value.includes('[') ? only.value : null;
}

async function print(
  specs: readonly TargetSpec[],
  view: InventoryView,
  request: TargetRequest,
  options: HostsOptions,
  io: Io,
): Promise<void> {
  const separator = readSeparator(options.separator);
  const line = (text: string): void => void io.stdout.write(text === '' ? '' : `${text}\n`);
  if (options.json === true) return void line(await asJson(numberTargets(specs), view, request));
  if (options.count === true) return void line(String(specs.length));
  const labels = specs.map(({ label }) => label);
  if (options.fold === true)
    return void line(separator === null ? foldNames(labels) : foldParts(labels).join(separator));
  if (options.regroup === true) return void line(regroup(labels, groupLabels(view)));
  if (options.resolved === true) return void line(await asTable(numberTargets(specs), request));
  line(labels.join(separator ?? (options.expand === true ? ' ' : '\n')));
}

function readSeparator(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.replace(/\\([nt\\])/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? '\\');
}

function groupLabels(view: InventoryView): Map<string, string[]> {
  // Every inventory has `all`, which says nothing; it would hide the groups that do.
  const names = view.groupNames().filter((name) => name !== 'all' && name !== 'ungrouped');
  return new Map(names.map((name) => [name, (view.group(name) ?? []).map(({ label }) => label)]));
}

async function resolved(targets: readonly Target[], { connection, options }: TargetRequest) {
  const { resolveAll } = await import('../../run/resolve-all.js');
  const fanout = wholeNumber(options.fanout, '--fanout', 1, 10_000) ?? RUN_DEFAULTS.fanout;
  return resolveAll(targets, connection, fanout);
}

async function asJson(
  targets: readonly Target[],
  view: InventoryView,
  request: TargetRequest,
): Promise<string> {
  const configs =
    (request.options as HostsOptions).resolved === true ? await resolved(targets, request) : null;
  const hosts = targets.map((target, place) => ({
    host: targetName(target),
    user: target.user ?? null,
    port: target.port ?? null,
    vars: publicVars(target.vars),
    ...(configs === null ? {} : { resolved: summary(configs[place]) }),
  }));
  const groups = Object.fromEntries(
    view.groupNames().map((name) => [name, (view.group(name) ?? []).map(({ label }) => label)]),
  );
  return jsonSafe(JSON.stringify({ schema: 'pssh-ts/hosts@1', hosts, groups }));
}

const SECRET = /pass(word|wd|phrase)?$|secret|token|private_key$/i;

// Inventories hold passwords (ansible_password, ansible_become_pass): no log of a pipeline needs them.
function publicVars(vars: Target['vars']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(vars).map(([name, value]) => [name, SECRET.test(name) ? '***' : value]),
  );
}

type Resolved = Awaited<ReturnType<typeof resolved>>[number];

function summary(config: Resolved | undefined) {
  if (config === undefined || 'error' in config) return { error: config?.error ?? 'not asked' };
  const { hostname, user, port, proxyJump, identityFiles } = config;
  return { hostname, user, port, proxyJump, identityFile: identityFiles };
}

async function asTable(targets: readonly Target[], request: TargetRequest): Promise<string> {
  const configs = await resolved(targets, request);
  return targets
    .map(({ label }, place) => {
      const config = configs[place];
      if (config === undefined || 'error' in config) return `${label} ${show(config?.error ?? '')}`;
      const { hostname, user, port, proxyJump } = config;
      const address = hostname.includes(':') ? `[${hostname}]` : hostname;
      return `${label} ${user}@${address}:${port}${proxyJump === null ? '' : ` via ${proxyJump}`}`;
    })
    .join('\n');
}
