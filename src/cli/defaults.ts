import type { Command, Option } from 'commander';
import { usageError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { show } from '../core/show.js';
import { completeTree } from './command-tree.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import { VIEW_OPTIONS } from './view-options.js';

const PREFIX = 'PSSH_TS_';
// These say what this one call is to do; a default for them would surprise.
const NEVER = new Set(['help', 'version', 'config', 'command', 'script', 'detach', 'dry-run']);
const TARGETS = ['host', 'hostfile', 'group', 'all'];

/** What an option is set to, and by whom. */
export interface Setting {
  readonly name: string;
  readonly values: readonly string[];
  /** `--user`, `PSSH_TS_USER`, `/home/me/.config/pssh-ts/config.ini:3`. */
  readonly source: string;
}

const longName = (option: Option): string => option.long?.slice(2) ?? '';

function settable(command: Command): Option[] {
  return command.options.filter((option) => option.long !== undefined && !NEVER.has(longName(option)));
}

function everyOption(program: Command): Option[] {
  completeTree(program);
  return [program, ...program.commands].flatMap(settable);
}

/** The config file in force for a command line. */
export function configFileOf(
  program: Command,
  env: NodeJS.ProcessEnv,
  command: Command = program,
): ConfigFile {
  const named = (command.opts().config ?? program.opts().config) as string | undefined;
  return readConfigFile(named, env, () => new Set(everyOption(program).map(longName)));
}

/**
 * Fills in what neither the command line said before nor after the command: from `PSSH_TS_*`, else from the
 * config file. A target option on the command line puts all default targets aside, a view every default view.
 * @returns everything that is in force for the command, and where from
 * @throws PsshError ERR_USAGE for an unknown variable or key, or a value that does not fit
 */
export function applyDefaults(program: Command, command: Command, env: NodeJS.ProcessEnv): Setting[] {
  const file = configFileOf(program, env, command);
  const fromEnv = readVariables(env, () => everyOption(program));
  const chain = command === program ? [program] : [program, command];
  const said = (name: string): boolean =>
    chain.some((one) => one.getOptionValueSource(attributeOf(one, name)) === 'cli');
  const named = TARGETS.some((name) => chain.some((one) => targetSaid(one, name)));
  const viewSaid = VIEW_OPTIONS.some(said);
  const settings: Setting[] = [];
  for (const option of settable(command)) {
    const name = longName(option);
    if (TARGETS.includes(name) ? named : said(name)) {
      settings.push({ name, values: chain.flatMap((one) => shownValues(one, name)), source: `--${name}` });
      continue;
    }
    if (viewSaid && VIEW_OPTIONS.includes(name)) continue;
    const value = fromEnv.get(name) ?? file.options.get(name);
    if (value === undefined) continue;
    setOption(command, option, value.values, value.where);
    settings.push({ name, values: value.values, source: value.where });
  }
  return settings.filter(({ values }) => values.length > 0);
}

const attributes = new WeakMap<Command, ReadonlyMap<string, string>>();

function attributeOf(command: Command, name: string): string {
  let known = attributes.get(command);
  if (known === undefined) {
    known = new Map(command.options.map((option) => [longName(option), option.attributeName()]));
    attributes.set(command, known);
  }
  return known.get(name) ?? name;
}

// -w and --hostfile are kept under --host.
function targetSaid(command: Command, name: string): boolean {
  const key = name === 'hostfile' ? 'host' : attributeOf(command, name);
  return command.getOptionValue(key) !== undefined;
}

function shownValues(command: Command, name: string): string[] {
  const value: unknown = command.getOptionValue(attributeOf(command, name));
  if (value === undefined) return [];
  const values = Array.isArray(value) ? value : [value];
  return values.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [String(one)];
    const { kind, value: text } = one as { kind?: string; value?: string };
    return kind === name ? [String(text)] : [];
  });
}

function readVariables(
  env: NodeJS.ProcessEnv,
  options: () => readonly Option[],
): Map<string, { values: string[]; where: string }> {
  const found = new Map<string, { values: string[]; where: string }>();
  const ours = Object.keys(env).filter((variable) => variable.startsWith(PREFIX));
  if (ours.length === 0) return found;
  const names = new Map(
    options().map((option) => [
      PREFIX + longName(option).replaceAll('-', '_').toUpperCase(),
      longName(option),
    ]),
  );
  for (const variable of ours) {
    const value = env[variable];
    if (value === undefined || value === '') continue;
    const name = names.get(variable);
    if (name === undefined) {
      const near = nearest(variable, names.keys())[0];
      throw usageError(
        `unknown variable ${show(variable)}; ${near === undefined ? 'unset it' : `did you mean ${near}?`}`,
      );
    }
    found.set(name, { values: [value], where: variable });
  }
  return found;
}

function setOption(command: Command, option: Option, values: readonly string[], where: string): void {
  const key = option.attributeName();
  if (option.isBoolean() || option.negate) {
    const on = readBoolean(values.at(-1) ?? '', where);
    if (on) command.setOptionValueWithSource(key, !option.negate, 'config');
    return;
  }
  if (option.parseArg === undefined) {
    command.setOptionValueWithSource(key, values.at(-1), 'config');
    return;
  }
  let result: unknown;
  for (const value of values) result = option.parseArg(value, result);
  // --hostfile and -g fill the list of --host.
  const list = TARGETS.includes(longName(option)) ? 'host' : key;
  command.setOptionValueWithSource(list, result, 'config');
}

function readBoolean(text: string, where: string): boolean {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  throw usageError(`${where}: ${show(text)} is neither true nor false; write one of them`);
}
