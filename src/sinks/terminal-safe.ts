// Colours and other renditions (CSI … m) may pass; every other control character but tab and newline is shown.
const CONTROL = /\u001b\[[0-9;:]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

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

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `\\x${code.toString(16)}`;
}
