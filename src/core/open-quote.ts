/**
 * Whether a place behind this piece of a command stands within quotes, where a quoted value would be set free. `$(…)`
 * begins afresh, in every shell that has it. Where shells differ (a backslash in single quotes) it is POSIX's reading.
 */
export function isWithinQuotes(before: string): boolean {
  const open: string[] = [];
  for (let place = 0; place < before.length; place += 1) {
    const character = before.charAt(place);
    const inner = open.at(-1);
    if (inner === "'") {
      if (character === "'") open.pop();
    } else if (character === '\\') {
      place += 1;
    } else if (character === '"' || character === '`') {
      if (inner === character) open.pop();
      else open.push(character);
    } else if (character === "'") {
      if (inner !== '"') open.push(character);
    } else if (character === '$' && before.charAt(place + 1) === '(') {
      open.push('(');
      place += 1;
    } else if (character === '(' && inner === '(') {
      open.push('(');
    } else if (character === ')' && inner === '(') {
      open.pop();
    }
  }
  const inner = open.at(-1);
  return inner !== undefined && inner !== '(';
}
