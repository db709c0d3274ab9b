import type { VarValue } from './var-value.js';

// Python gives up at about the same places, and then Ansible takes the text as it is.
const MAX_NESTING = 100;
const MAX_DIGITS = 4300;

/**
 * The value of a Python literal, or undefined where the text is none: Ansible gives every value of an INI
 * inventory to ast.literal_eval and keeps the text where that fails. So `1_000`, `0x1F`, `1,2` and
 * `42 # note` are no strings, while `true`, `01` and `10-20` are. Sets and complex numbers stay text here.
 */
export function pythonLiteral(text: string): VarValue | undefined {
  // Most values are plain words.
  if (!/^[ \t\f]*[-+.\d'"([{TFNrRuUbB]/.test(text) || text.includes('\0')) return undefined;
  try {
    return new Literal(text).whole();
  } catch (error) {
    if (error === NO_LITERAL) return undefined;
    throw error;
  }
}

// Made once: a stack for every value of a large inventory costs seconds.
const NO_LITERAL = new Error('no literal');

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

class Literal {
  #at = 0;

  constructor(readonly text: string) {}

  whole(): VarValue {
    // A bare `1,2` is a tuple.
    const value = this.#items('', 0);
    this.#blanks();
    if (this.#at < this.text.length) throw NO_LITERAL;
    return value;
  }

  #blanks(): void {
    this.#take(/[ \t\f]*(?:#.*)?/y);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #is(character: string): boolean {
    this.#blanks();
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  // Items up to `close`; one without a comma behind it is that item, unless it stands in [].
  #items(close: '' | ')' | ']', depth: number): VarValue {
    const items: VarValue[] = [];
    let comma = false;
    while (!this.#ends(close)) {
      if (items.length > 0 && !comma) throw NO_LITERAL;
      items.push(this.#value(depth));
      comma = this.#is(',');
    }
    const [only] = items;
    if (close !== ']' && items.length === 1 && !comma && only !== undefined) return only;
    if (close === '' && items.length === 0) throw NO_LITERAL;
    return items;
  }

  #ends(close: string): boolean {
    this.#blanks();
    if (close === '') return this.#at >= this.text.length;
    return this.#is(close);
  }

  #value(depth: number): VarValue {
    if (depth > MAX_NESTING) throw NO_LITERAL;
    if (this.#is('(')) return this.#items(')', depth + 1);
    if (this.#is('[')) return this.#items(']', depth + 1);
    if (this.#is('{')) return this.#dictionary(depth + 1);
    const word = this.#take(/(?:True|False|None)(?![\p{L}\p{N}_])/uy)?.[0];
    if (word !== undefined) return word === 'None' ? null : word === 'True';
    return this.#number() ?? this.#strings();
  }

  #dictionary(depth: number): VarValue {
    const items = new Map<string, VarValue>();
    let comma = true;
    while (!this.#ends('}')) {
      if (!comma) throw NO_LITERAL;
      const key = this.#value(depth);
      if (!this.#is(':') || typeof key === 'object') throw NO_LITERAL;
      items.set(String(key), this.#value(depth));
      comma = this.#is(',');
    }
    return items;
  }

  #number(): VarValue | null {
    const match = this.#take(
      /([+-])?[ \t]*(?:(0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)|((?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*(?:\.(?:[eE][+-]?\d(?:_?\d)*)?|[eE][+-]?\d(?:_?\d)*))|([1-9](?:_?\d)*|0(?:_?0)*))(?![\p{L}\p{N}_.])/uy,
    );
    if (match === null) return null;
    const [whole, sign, based, float, decimal] = match.map((group) => group?.replaceAll('_', ''));
    if ((whole ?? '').length > MAX_DIGITS) throw NO_LITERAL;
    if (float !== undefined) return sign === '-' ? -Number(float) : Number(float);
    const integer = BigInt(based ?? decimal ?? '0');
    return sign === '-' ? -integer : integer;
  }

  // Strings that follow each other are one string, but not of text and bytes.
  #strings(): string {
    let value: string | null = null;
    let bytes: boolean | null = null;
    for (;;) {
      this.#blanks();
      const match = this.#take(/(r|R|u|U|b|B|br|bR|Br|BR|rb|rB|Rb|RB|)("""|'''|"|')/y);
      if (match === null) break;
      const isBytes = /b/i.test(match[1] ?? '');
      if (bytes !== null && bytes !== isBytes) throw NO_LITERAL;
      bytes = isBytes;
      value = (value ?? '') + this.#string(match[2] ?? '', /r/i.test(match[1] ?? ''));
    }
    if (value === null) throw NO_LITERAL;
    return value;
  }

  #string(quote: string, raw: boolean): string {
    let value = '';
    while (!this.text.startsWith(quote, this.#at)) {
      const character = this.text[this.#at++];
      if (character === undefined) throw NO_LITERAL;
      if (character !== '\\') value += character;
      else value += raw ? `\\${this.text[this.#at++] ?? ''}` : this.#escape();
    }
    this.#at += quote.length;
    return value;
  }

  #escape(): string {
    const code = this.#take(/x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})/y);
    if (code !== null) return character(Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16));
    const octal = this.#take(/[0-7]{1,3}/y);
    if (octal !== null) return character(Number.parseInt(octal[0], 8));
    const next = this.text[this.#at++];
    if (next === undefined || /[xuUN]/.test(next)) throw NO_LITERAL;
    return SIMPLE_ESCAPES[next] ?? `\\${next}`;
  }
}

function character(code: number): string {
  if (code > 0x10ffff) throw NO_LITERAL;
  return String.fromCodePoint(code);
}
