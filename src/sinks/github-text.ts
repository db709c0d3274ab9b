// The runner takes these back when it reads a command (its ActionCommand).
const DATA: Readonly<Record<string, string>> = { '%': '%25', '\r': '%0D', '\n': '%0A' };
const PROPERTY: Readonly<Record<string, string>> = { ...DATA, ':': '%3A', ',': '%2C' };

/** Any text as what a workflow command says: `::error::HERE`. */
export function githubData(text: string): string {
  return text.replace(/[%\r\n]/g, (found) => DATA[found] ?? found);
}

/** Any text as the value of a property: `::error title=HERE::`. */
export function githubProperty(text: string): string {
  return text.replace(/[%\r\n:,]/g, (found) => PROPERTY[found] ?? found);
}

/** Any text inside a cell of a Markdown table: nothing in it is markup, a link or a mention. */
export function markdownCell(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[^\p{L}\p{N} .,/;=-]/gu, (found) => `&#${found.codePointAt(0)};`);
}
