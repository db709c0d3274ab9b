import type { Argument, Option } from 'commander';

const chosen = new WeakMap<Option, readonly string[]>();

/**
 * Tells completion which values an option takes. Checked they are where the option is read, with a line that says what
 * mends it; commander's own choices would have another.
 */
export function withChoices(option: Option, values: readonly string[]): Option {
  chosen.set(option, values);
  return option;
}

/** The values that an option or argument takes, where they can be told: those above, or `<kill|leave>`. */
export function choicesOf(taker: Option | Argument): readonly string[] {
  const listed = 'flags' in taker ? chosen.get(taker) : undefined;
  const name = placeholderOf(taker);
  return listed ?? taker.argChoices ?? (name.includes('|') ? name.split('|') : []);
}

/** What stands between the brackets: `file` of `--junit <file>`, `hosts` of `[hosts...]`. */
export function placeholderOf(taker: Option | Argument): string {
  if (!('flags' in taker)) return taker.name();
  return /[<[]([^\]>]*?)(?:\.\.\.)?[\]>]/.exec(taker.flags)?.[1] ?? '';
}
