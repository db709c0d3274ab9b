import { usageError } from './errors.js';
import { nearest } from './nearest.js';
import { show } from './show.js';
import { type Target, targetName } from './target.js';

/** What a placeholder can name for one host. */
export type TemplateValues = Readonly<Record<string, string>>;

/** The values of one target: its inventory's variables, and over them what every target has. */
export function targetValues(target: Target, count: number, user = target.user): TemplateValues {
  return {
    ...target.vars,
    host: targetName(target),
    user: user ?? '',
    port: target.port === undefined ? '' : String(target.port),
    index: String(target.index),
    count: String(count),
  };
}

// A brace behind a $ is the shell's; `{{` and `}}` are read before what they hold.
const PIECE = /\{\{|\}\}|\$\{[^{}]*\}|\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Fills in `{host}` and the like. Only known names are placeholders, `{{` and `}}` stand for a brace, and every other
 * brace stays.
 * @param write how a value is written into the text
 */
export function fillTemplate(
  template: string,
  values: TemplateValues,
  write: (value: string) => string = (value) => value,
): string {
  return template.replace(PIECE, (piece, name: string | undefined) => {
    if (piece === '{{') return '{';
    if (piece === '}}') return '}';
    if (name === undefined || !Object.hasOwn(values, name)) return piece;
    return write(values[name] ?? '');
  });
}

/**
 * A template of a local or remote path.
 * @throws PsshError ERR_USAGE where a value would lead out of the place that the template names
 */
export function fillPath(template: string, values: TemplateValues): string {
  return fillTemplate(template, values, (value) => {
    if (!/^\.{0,2}$|[/\0]/.test(value)) return value;
    throw usageError(
      `${show(template)}: the value ${show(value)} can't stand in a path; it is empty, or leads to another folder`,
    );
  });
}

/** A name in braces that is nearly a known one: likely a slip of the pen. Null: there is none. */
export function nearMiss(template: string, names: Iterable<string>): string | null {
  const known = [...names];
  for (const [, name] of template.matchAll(PIECE)) {
    if (name === undefined || known.includes(name)) continue;
    const near = nearest(name, known)[0];
    if (near !== undefined) return `{${name}} stays as it is; did you mean {${near}}?`;
  }
  return null;
}
