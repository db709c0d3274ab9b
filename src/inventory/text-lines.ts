/** A line of a hosts file with its number, from 1. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
}

/** The lines of a text; a byte order mark at its start and the CR of CRLF are no part of them. */
export function textLines(text: string): TextLine[] {
  const bare = text.startsWith('\ufeff') ? text.slice(1) : text;
  return bare.split(/\r?\n|\r/).map((line, index) => ({ line: index + 1, text: line }));
}
