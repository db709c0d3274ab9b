import { show } from '../core/show.js';
import type { VarValue } from './var-value.js';
import { at, faultAt } from './where.js';

const MAX_NESTING = 500;

/**
 * Reads JSON and keeps 1 and 1.0 apart, as Python does (JSON.parse would not, and would bend long numbers).
 * @throws PsshError ERR_INVENTORY with line and column
 */
export function parseJson(path: string, text: string): VarValue {
  const json = new JsonText(path, text.startsWith('\ufeff') ? text.slice(1) : text);
  const value = json.value(0);
  json.end();
  return value;
}

class JsonText {
  #at = 0;

  constructor(
    readonly path: string,
    readonly text: string,
  ) {}

  value(depth: number): VarValue {
    if (depth > MAX_NESTING) throw this.#fault('nested too deeply');
    this.#take(/[ \t\r\n]*/y);
    if (this.#take(/\{/y)) return this.#object(depth);
    if (this.#take(/\[/y)) return this.#array(depth);
    const string = this.#string();
    if (string !== null) return string;
    const word = this.#take(/(?:true|false|null)\b/y);
    if (word !== null) return word === 'null' ? null : word === 'true';
    const special = this.#take(/-?Infinity|NaN/y);
    if (special !== null) return Number(special);
    const number = this.#take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y);
    if (number === null) throw this.#fault('a value is missing');
    return /[.eE]/.test(number) || number.length > 5000 ? Number(number) : BigInt(number);
  }

  end(): void {
    this.#take(/[ \t\r\n]*/y);
    if (this.#at < this.text.length) throw this.#fault('something stands behind the end');
  }

  #object(depth: number): VarValue {
    const items = new Map<string, VarValue>();
    if (this.#punctuation('}')) return items;
    do {
      this.#take(/[ \t\r\n]*/y);
      const key = this.#string();
      if (key === null) throw this.#fault('a quoted name is missing');
      if (!this.#punctuation(':')) throw this.#fault('a ":" is missing');
      items.set(key, this.value(depth + 1));
    } while (this.#punctuation(','));
    if (!this.#punctuation('}')) throw this.#fault('a "," or "}" is missing');
    return items;
  }

  #array(depth: number): VarValue {
    const items: VarValue[] = [];
    if (this.#punctuation(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#punctuation(','));
    if (!this.#punctuation(']')) throw this.#fault('a "," or "]" is missing');
    return items;
  }

  #string(): string | null {
    const start = this.#at;
    const token = this.#take(/"(?:[^"\\\n]|\\.)*"/y);
    if (token === null) {
      if (this.text[start] === '"') throw this.#fault('a quote is never closed');
      return null;
    }
    try {
      return JSON.parse(token) as string;
    } catch (error) {
      this.#at = start;
      throw this.#fault('a string holds a bad escape or a control character', error);
    }
  }

  #punctuation(character: string): boolean {
    this.#take(/[ \t\r\n]*/y);
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text);
    if (match === null) return null;
    this.#at += match[0].length;
    return match[0];
  }

  #fault(reason: string, cause?: unknown): Error {
    const before = this.text.slice(0, this.#at).split('\n');
    const where = at(this.path, before.length, (before.at(-1) ?? '').length + 1);
    const here = this.text.slice(this.#at, this.#at + 20).split('\n')[0] ?? '';
    return faultAt(where, `no JSON: ${reason} at ${show(here)}`, 'print one JSON object', cause);
  }
}
