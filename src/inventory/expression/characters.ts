const TAB = 9;
const LINE_FEED = 10;
const RETURN = 13;
const BLANK = 32;
const EXCLAMATION = 33;
const AMPERSAND = 38;
const COMMA = 44;
const OPEN = 91;
const CLOSE = 93;
const CARET = 94;

/** Blanks separate operands; other white space is a fault of the name it stands in. */
function isBlank(code: number): boolean {
  return code === BLANK || code === TAB || code === LINE_FEED || code === RETURN;
}

/** Whether the text's end, a blank, comma or operator stands at `at`: what ends an operand outside of brackets. */
export function endsOperand(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const code = text.charCodeAt(at);
  return code === COMMA || code === EXCLAMATION || code === AMPERSAND || code === CARET || isBlank(code);
}

export function isBracket(code: number): boolean {
  return code === OPEN || code === CLOSE;
}

/** The offset of the first character from `at` on that is no blank. */
export function skipBlanks(text: string, at: number): number {
  let next = at;
  while (next < text.length && isBlank(text.charCodeAt(next))) next += 1;
  return next;
}
