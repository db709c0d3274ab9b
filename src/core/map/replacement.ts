import { usageError } from '../errors.js';
import { quoteForShell } from '../quote.js';

/** What stands in a command for a task: GNU parallel's replacement strings, and the host. */
export interface Filling {
  readonly seq: number;
  readonly values: readonly string[];
  /** Of the host, from 1. */
  readonly slot: number;
  readonly host: string;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** Of one source (negative: counted from the last), or null: of all. */
  | { readonly kind: 'value'; readonly source: number | null; readonly form: Form }
  | { readonly kind: 'seq' | 'slot' | 'host' };

type Form = (value: string) => string;

const withoutFolder: Form = (value) => value.slice(value.lastIndexOf('/') + 1);
const withoutExtension: Form = (value) => value.replace(/\.[^/.]*$/, '');

const FORMS: Readonly<Record<string, Form>> = {
  '': (value) => value,
  '.': withoutExtension,
  '/': withoutFolder,
  '//': folderOf,
  '/.': (value) => withoutExtension(withoutFolder(value)),
};

/** As dirname(1). */
function folderOf(value: string): string {
  const bare = value.replace(/\/+$/, '');
  if (bare === '') return value === '' ? '.' : '/';
  const slash = bare.lastIndexOf('/');
  if (slash === -1) return '.';
  return bare.slice(0, slash).replace(/\/+$/, '') || '/';
}

const PIECE = /\{(-?[1-9]\d*)?(\/\/|\/\.|\/|\.)?\}|\{(#|%|host)\}/g;

/** A command, or a path, with GNU parallel's replacement strings in it. */
export class Template {
  private constructor(
    readonly text: string,
    private readonly parts: readonly Part[],
  ) {}

  /**
   * A command; without a replacement string the value is appended, and without any text the value is the command.
   * @param sources how many values a task has
   * @throws PsshError ERR_USAGE for a source that there is not
   */
  static command(text: string, sources: number): Template {
    const parts = partsOf(text, sources);
    if (text.trim() === '') return new Template(text, []);
    if (parts.some(({ kind }) => kind !== 'text')) return new Template(text, parts);
    const all: Part = { kind: 'value', source: null, form: FORMS[''] as Form };
    return new Template(text, [...parts, { kind: 'text', text: ' ' }, all]);
  }

  /** A path: nothing is appended. */
  static path(text: string, sources: number): Template {
    return new Template(text, partsOf(text, sources));
  }

  /** The command for the login shell. @throws PsshError ERR_USAGE for a value that no shell's word can hold */
  command(filling: Filling): string {
    if (this.parts.length === 0) return filling.values.join(' ');
    return this.fill(filling, (value) => quoteForShell(value, 'the value'));
  }

  /** As it is, without quotes. @param write how a value is written */
  plain(filling: Filling, write: (value: string) => string = (value) => value): string {
    return this.fill(filling, write);
  }

  private fill({ seq, values, slot, host }: Filling, write: (value: string) => string): string {
    let text = '';
    for (const part of this.parts) {
      switch (part.kind) {
        case 'text':
          text += part.text;
          break;
        case 'value':
          text +=
            part.source === null
              ? values.map((value) => write(part.form(value))).join(' ')
              : write(part.form(values.at(part.source > 0 ? part.source - 1 : part.source) ?? ''));
          break;
        case 'seq':
          text += String(seq);
          break;
        case 'slot':
          text += String(slot);
          break;
        case 'host':
          text += write(host);
          break;
      }
    }
    return text;
  }
}

function partsOf(text: string, sources: number): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(PIECE)) {
    const [piece, number, form = '', word] = match;
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    from = match.index + piece.length;
    if (word !== undefined) {
      parts.push({ kind: word === '#' ? 'seq' : word === '%' ? 'slot' : 'host' });
      continue;
    }
    const source = number === undefined ? null : Number(number);
    if (source !== null && Math.abs(source) > sources)
      throw usageError(
        `${piece} stands for source ${number}, but there ${sources === 1 ? 'is one' : `are ${sources}`}; add a ::: list, or write {}`,
      );
    parts.push({ kind: 'value', source, form: FORMS[form] as Form });
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}
