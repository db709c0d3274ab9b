import type { Argument, Command, Option } from 'commander';

/** What can stand where the cursor is. */
export type Slot =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'option'; readonly command: Command }
  | { readonly kind: 'value'; readonly option: Option }
  | { readonly kind: 'argument'; readonly argument: Argument }
  | { readonly kind: 'none' };

/** The command line as far as it is typed. */
export interface Cursor {
  readonly slot: Slot;
  /** How much of the word belongs to something else: `--format=`, `-H`. */
  readonly start: number;
  /** Values of options that were said, by the options' long names, in order. */
  readonly said: ReadonlyMap<string, readonly string[]>;
}

// Of `exec WORDS` all is the remote command's, from the first word on.
const REMOTE = 'words';

/** @param words those before the cursor @param current the word that is being typed, up to the cursor */
export function findCursor(program: Command, words: readonly string[], current: string): Cursor {
  const walk = new Walk(program);
  for (const word of words) walk.pass(word);
  return { ...walk.at(current), said: walk.said };
}

class Walk {
  readonly said = new Map<string, string[]>();
  private command: Command;
  private waiting: Option | null = null;
  private arguments = 0;
  private onlyArguments = false;

  constructor(program: Command) {
    this.command = program;
  }

  pass(word: string): void {
    if (this.waiting !== null) {
      this.say(this.waiting, word);
      this.waiting = null;
    } else if (this.onlyArguments || !/^-./.test(word)) this.passArgument(word);
    else if (word === '--') this.onlyArguments = true;
    else {
      const found = this.valueIn(word);
      if (found === null) return;
      if (found.glued) this.say(found.option, word.slice(found.start));
      else this.waiting = found.option;
    }
  }

  at(current: string): { slot: Slot; start: number } {
    if (this.waiting !== null) return { slot: { kind: 'value', option: this.waiting }, start: 0 };
    if (!this.onlyArguments && current.startsWith('-')) {
      const found = this.valueIn(current);
      return found?.glued === true
        ? { slot: { kind: 'value', option: found.option }, start: found.start }
        : { slot: { kind: 'option', command: this.command }, start: 0 };
    }
    return { slot: this.argumentSlot(), start: 0 };
  }

  private argumentSlot(): Slot {
    const { commands, registeredArguments } = this.command;
    if (commands.length > 0) {
      return this.onlyArguments || this.arguments > 0
        ? { kind: 'none' }
        : { kind: 'command', command: this.command };
    }
    const last = registeredArguments.at(-1);
    const argument = registeredArguments[this.arguments] ?? (last?.variadic === true ? last : undefined);
    if (argument === undefined || argument.name() === REMOTE) return { kind: 'none' };
    return { kind: 'argument', argument };
  }

  private passArgument(word: string): void {
    const next = this.onlyArguments ? undefined : this.command.commands.find((one) => one.name() === word);
    if (next !== undefined && this.arguments === 0) {
      this.command = next;
      return;
    }
    this.arguments += 1;
    if (this.command.registeredArguments[0]?.name() === REMOTE) this.onlyArguments = true;
  }

  private say(option: Option, value: string): void {
    const name = option.long?.slice(2) ?? option.short?.slice(1) ?? '';
    this.said.set(name, [...(this.said.get(name) ?? []), value]);
  }

  /** The option in a word that takes a value; glued: the value stands in the word too, from `start` on. */
  private valueIn(word: string): { option: Option; start: number; glued: boolean } | null {
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word : word.slice(0, equals);
      const option = this.command.options.find(({ long }) => long === name);
      if (option === undefined || !option.required) return null;
      return { option, start: equals + 1, glued: equals >= 0 };
    }
    for (let place = 1; place < word.length; place += 1) {
      const option = this.command.options.find(({ short }) => short === `-${word.charAt(place)}`);
      if (option === undefined) return null;
      if (option.required) return { option, start: place + 1, glued: place + 1 < word.length };
    }
    return null;
  }
}
