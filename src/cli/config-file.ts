import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { inventoryError, usageError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { show } from '../core/show.js';

/** The config file as it was found. */
export interface ConfigFile {
  /** Null: there is none. */
  readonly path: string | null;
  /** Long option names and what they are set to. */
  readonly options: ReadonlyMap<string, ConfigValue>;
  /** Hosts files, resolved against the file's own folder. */
  readonly inventory: readonly string[];
  /** Host expressions of the `[group.NAME]` sections. */
  readonly groups: ReadonlyMap<string, ConfigValue>;
}

export interface ConfigValue {
  readonly values: readonly string[];
  /** `file:line`. */
  readonly where: string;
}

const NONE: ConfigFile = { path: null, options: new Map(), inventory: [], groups: new Map() };

/**
 * Reads `--config FILE`, else `$XDG_CONFIG_HOME/pssh-ts/config.ini`, where it exists.
 * @param known long names of all options
 * @throws PsshError ERR_USAGE that names file, line and the nearest known key
 */
export function readConfigFile(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  known: () => ReadonlySet<string>,
): ConfigFile {
  const file =
    named ??
    path.join(env.XDG_CONFIG_HOME || path.join(env.HOME || homedir(), '.config'), 'pssh-ts', 'config.ini');
  if (!existsSync(file)) {
    if (named === undefined) return NONE;
    throw usageError(`--config: no file ${show(named)}; name an INI file that exists`);
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw usageError(
      `${file}: it can't be read (${(cause as NodeJS.ErrnoException).code}); mend it or name another with --config`,
      cause,
    );
  }
  return interpret(file, text, known(), env);
}

function interpret(
  file: string,
  text: string,
  known: ReadonlySet<string>,
  env: NodeJS.ProcessEnv,
): ConfigFile {
  // Loaded here: most runs have no config file.
  const { parse } = createRequire(import.meta.url)('ini') as typeof import('ini');
  const lines = new KeyLines(file, text);
  const options = new Map<string, ConfigValue>();
  const groups = new Map<string, ConfigValue>();
  let inventory: string[] = [];
  for (const [key, value] of Object.entries(parse(text) as Record<string, unknown>)) {
    if (isSection(value)) {
      if (key !== 'group')
        throw lines.fault(key, `unknown section ${show(key)}`, 'sections are [group.NAME]');
      for (const [name, hosts] of groupSections(value, [], lines)) groups.set(name, hosts);
      continue;
    }
    const entry: ConfigValue = { values: textsOf(value), where: lines.where(key) };
    if (key === 'inventory') {
      inventory = entry.values
        .flatMap((one) => one.split(','))
        .map((one) => inventoryPath(one.trim(), file, env));
    } else if (known.has(key)) {
      options.set(key, entry);
    } else {
      const near = nearest(key, [...known, 'inventory'])[0];
      throw lines.fault(
        key,
        `unknown key ${show(key)}`,
        near === undefined ? 'keys are the long options without --' : `did you mean ${near}?`,
      );
    }
  }
  return { path: file, options, inventory, groups };
}

function inventoryPath(text: string, file: string, env: NodeJS.ProcessEnv): string {
  if (text.startsWith('~/')) return path.join(env.HOME || homedir(), text.slice(2));
  return path.resolve(path.dirname(file), text);
}

// ini makes `[group.web.eu]` nested objects; the name is put together again.
function groupSections(
  section: Record<string, unknown>,
  path: readonly string[],
  lines: KeyLines,
): [string, ConfigValue][] {
  const name = path.join('.');
  return Object.entries(section).flatMap(([key, value]): [string, ConfigValue][] => {
    if (isSection(value)) return groupSections(value, [...path, key], lines);
    if (name !== '' && key === 'hosts') {
      return [[name, { values: textsOf(value), where: lines.where('hosts', `group.${name}`) }]];
    }
    throw lines.fault(key, `unknown key ${show(key)} in a group`, 'a group has hosts = EXPRESSION');
  });
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** ini keeps no line numbers: finds where a key stands, for the error. */
class KeyLines {
  private readonly lines = new Map<string, number>();

  constructor(
    private readonly file: string,
    text: string,
  ) {
    let section = '';
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      const header = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1];
      if (header !== undefined) section = header.trim();
      const key = header ?? /^\s*([^;#=][^=]*?)(?:\[\])?\s*(?:=|$)/.exec(line)?.[1];
      if (key === undefined) continue;
      // ini takes `[group.web.eu]` apart at the dots.
      const outer =
        header === undefined ? [] : header.split('.').map((_, at, parts) => parts.slice(0, at + 1).join('.'));
      for (const name of [key, `${section}/${key}`, ...outer])
        if (!this.lines.has(name)) this.lines.set(name, index + 1);
    }
  }

  where(key: string, section = ''): string {
    const line = this.lines.get(section === '' ? key : `${section}/${key}`) ?? this.lines.get(key);
    return line === undefined ? this.file : `${this.file}:${line}`;
  }

  fault(key: string, problem: string, mend: string): Error {
    return inventoryError(`${this.where(key)}: ${problem}; ${mend}`);
  }
}
