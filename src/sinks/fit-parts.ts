/** A piece of a status line; `shown` with its colours. */
export interface Part {
  readonly text: string;
  readonly shown?: string;
}

/** As many of the parts as have room, with commas between them; the first is cut rather than left away. */
export function fitParts(parts: readonly Part[], columns: number): string {
  const [first, ...rest] = parts;
  if (first === undefined) return '';
  let room = columns - width(first.text);
  if (room < 0) return [...first.text].slice(0, Math.max(0, columns)).join('');
  let line = first.shown ?? first.text;
  for (const { text, shown = text } of rest) {
    const wanted = width(text) + 2;
    if (wanted > room) continue;
    room -= wanted;
    line += `, ${shown}`;
  }
  return line;
}

// What is not ASCII may take two columns; a line that turns out shorter does no harm.
function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += character >= ' ' && character <= '~' ? 1 : 2;
  return columns;
}
