/** A word as it stands on a shell's line, without its quotes; and where the part begins that an open quote begins. */
export interface Unquoted {
  readonly text: string;
  /** Null: no quote is open at the end. */
  readonly openAt: number | null;
}

/** What bash, zsh and fish make of the quotes and backslashes of a word; variables and patterns stay as they are. */
export function unquote(word: string): Unquoted {
  let text = '';
  let quote: string | null = null;
  let openAt: number | null = null;
  for (let place = 0; place < word.length; place += 1) {
    const character = word.charAt(place);
    if (quote !== null && character === quote) {
      quote = null;
      openAt = null;
    } else if (quote === null && (character === "'" || character === '"')) {
      quote = character;
      openAt = text.length;
    } else if (character === '\\' && quote !== "'") {
      place += 1;
      text += word.charAt(place);
    } else text += character;
  }
  return { text, openAt };
}
