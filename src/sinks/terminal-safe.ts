// Colours and other renditions (CSI … m) may pass. Shown are: every other control character but tab and newline;
// line and paragraph separators, by which some terminals and editors begin a line; marks that turn the direction of
// writing, by which text seems to stand where it does not.
const CONTROL =
  /\u001b\[[0-9;:]{0,64}m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/g;

/** Remote output for a terminal: nothing in it moves the cursor, sets a title or reaches the clipboard. */
export function terminalSafe(text: string): string {
  const visible = text
    // In one pass: looking ahead from each of a million carriage returns would take minutes.
    .replace(/\r+\n?/g, (found) => (found.endsWith('\n') ? '\n' : found))
    .replace(CONTROL, (found) => (found.length > 1 ? found : picture(found)));
  // A colour left on would run into the next host's lines.
  if (!visible.includes('\u001b[')) return visible;
  return visible
    .split('\n')
    .map((line) => (line.includes('\u001b[') ? `${line}\u001b[0m` : line))
    .join('\n');
}

// What JSON may hold unescaped of the above: C0 it escapes itself, and colours with it.
const BEYOND_C0 = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/g;

/** A piece of a JSON document for a terminal: it says the same, and holds no control character. */
export function jsonSafe(json: string): string {
  return json.replace(BEYOND_C0, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** {@link terminalSafe} for what stands in a line of ours: it begins no other. */
export function safeInLine(text: string): string {
  return terminalSafe(text.replace(/[\r\n]+/g, ' '));
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
