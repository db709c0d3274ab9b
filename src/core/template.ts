import { usageError } from './errors.js';
import { nearest } from './nearest.js';
import { isWithinQuotes } from './open-quote.js';
import { isPlainWord, quoteForShell } from './quote.js';
import { show } from './show.js';
import { type Target, targetName } from './target.js';

/** What a placeholder can name for one host. */
export type TemplateValues = Readonly<Record<string, string>>;

/** The values of one target: its inventory's variables, and over them what every target has. */
export function targetValues(
  target: Target,
  count: number,
  user = target.user,
  port = target.port,
): TemplateValues {
  return {
    ...target.vars,
    host: targetName(target),
    user: user ?? '',
    port: port === undefined ? '' : String(port),
    index: String(target.index),
    count: String(count),
  };
}

// A brace behind a $ is the shell's. Doubled braces are read before what they hold.
const PIECE = /\{\{\{(=?)([A-Za-z_]\w*)\}\}\}|\{\{=?([A-Za-z_]\w*)\}\}|\$\{[^{}]*\}|\{(=?)([A-Za-z_]\w*)\}/g;

/** Where in a template a placeholder stands. */
export interface Placeholder {
  readonly name: string;
  /** `{=name}`: the value as it is, whatever the place. */
  readonly raw: boolean;
  readonly before: string;
}

/**
 * Fills in `{host}` and the like. Only known names are placeholders; doubled braces about one are plain braces
 * (`{{host}}` is `{host}`, `{{{host}}}` the value in braces), and every other brace stays.
 * @param write how a value is written into the text
 */
export function fillTemplate(
  template: string,
  values: TemplateValues,
  write: (value: string, placeholder: Placeholder) => string = (value) => value,
): string {
  return template.replace(PIECE, (piece, ...groups: (string | undefined)[]) => {
    const [innerRaw, inner, escaped, raw = innerRaw, plain] = groups;
    const at = Number(groups[5]);
    const name = inner ?? plain;
    const isKnown = Object.hasOwn(values, name ?? escaped ?? '');
    if (!isKnown) return piece;
    if (name === undefined) return piece.slice(1, -1);
    const before = template.slice(0, inner === undefined ? at : at + 1);
    const value = write(values[name] ?? '', { name, raw: raw === '=', before });
    return inner === undefined ? value : `{${value}}`;
  });
}

/**
 * A template of a local or remote path. `{=name}` may lead to another folder.
 * @throws PsshError ERR_USAGE where another value would lead out of the place that the template names
 */
export function fillPath(template: string, values: TemplateValues): string {
  return fillTemplate(template, values, (value, { raw }) => {
    if (raw && value !== '' && !value.includes('\0')) return value;
    if (!/^\.{0,2}$|[/\0]/.test(value)) return value;
    throw usageError(
      `${show(template)}: the value ${show(value)} can't stand in a path; it is empty, or leads to another folder`,
    );
  });
}

/**
 * A template of a command: each value is one word of the login shell, `{=name}` is put in as it is.
 * @param host for whom, for messages
 * @throws PsshError ERR_USAGE for a value that can't be sent, or that the quotes around it would set free
 */
export function fillCommand(template: string, values: TemplateValues, host: string): string {
  return fillTemplate(template, values, (value, { name, raw, before }) => {
    checkGiven(name, value, host);
    if (raw || isPlainWord(value)) return value;
    const quoted = quoteForShell(value, `{${name}} of ${host}:`);
    if (!isWithinQuotes(before)) return quoted;
    throw usageError(
      `{${name}} stands within quotes, and ${show(value)} of ${host} would not stay within them; leave those quotes out, the value gets its own`,
    );
  });
}

/** A template of one word, which is quoted as a whole afterwards. @throws PsshError ERR_USAGE */
export function fillWord(template: string, values: TemplateValues, host: string): string {
  return fillTemplate(template, values, (value, { name }) => {
    checkGiven(name, value, host);
    return value;
  });
}

// What ssh would take is for ssh to say, and nothing is no answer.
function checkGiven(name: string, value: string, host: string): void {
  if (value !== '' || (name !== 'user' && name !== 'port')) return;
  const mend = name === 'user' ? 'write it as -l NAME or NAME@HOST' : 'write it as --port N or HOST:N';
  throw usageError(`{${name}}: ${host} is given none, so that ssh decides it; ${mend}`);
}

/** The names that stand in a template, placeholders or not. */
export function namesIn(template: string): readonly string[] {
  return [...template.matchAll(PIECE)].flatMap(([, , inner, , , plain]) => inner ?? plain ?? []);
}

/** A name in braces that is nearly a known one: likely a slip of the pen. Null: there is none. */
export function nearMiss(template: string, names: Iterable<string>): string | null {
  const known = [...names];
  for (const name of namesIn(template)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known)[0];
    if (near !== undefined) return `{${name}} stays as it is; did you mean {${near}}?`;
  }
  return null;
}

/** One host's values, for a look at all of them. */
export interface HostValues {
  readonly host: string;
  readonly values: TemplateValues;
}

/**
 * What is odd about a template, seen with the values of all its hosts; null: nothing.
 * @throws PsshError ERR_USAGE for a name that is known for some of them only
 */
export function checkTemplate(template: string, hosts: readonly HostValues[]): string | null {
  const names = new Set(hosts.flatMap(({ values }) => Object.keys(values)));
  for (const name of namesIn(template)) {
    const without = names.has(name) && hosts.find(({ values }) => !Object.hasOwn(values, name));
    if (without) {
      const mend = `give it one, or write {{${name}}} for the braces`;
      throw usageError(`{${name}}: the inventory has no such variable for ${without.host}; ${mend}`);
    }
    if (!names.has(name) && SPLIT_NAMES.includes(name))
      return `{${name}} stays as it is; --split gives it a value`;
  }
  return nearMiss(template, names);
}

const SPLIT_NAMES = ['from', 'to', 'range'];
