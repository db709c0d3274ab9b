import { MOST_DIGITS } from './number-key.js';

/** Stands for a number in a pattern; no name has it. */
export const HOLE = '\0';

// As many ranges as an expression may have in one name.
const MOST_HOLES = 32;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

/**
 * The pattern of a name, with its numbers put into `keys` (emptied first): `web01-2` is `web\0-\0` with 101, 12.
 * Users, ports and numbers too long for a range stay in the pattern.
 */
export function splitName(name: string, keys: number[]): string {
  keys.length = 0;
  let from = 0;
  let to = name.length;
  if (name.includes('@') || name.includes(':')) {
    from = hostStart(name);
    to = hostEnd(name, from);
  }
  let pattern = '';
  let done = 0;
  let at = from;
  while (at < to) {
    let key = 1;
    const start = at;
    for (; at < to; at += 1) {
      const code = name.charCodeAt(at);
      if (code < DIGIT_0 || code > DIGIT_9) break;
      key = key * 10 + (code - DIGIT_0);
    }
    if (at === start) {
      at += 1;
    } else if (at - start <= MOST_DIGITS && keys.length < MOST_HOLES) {
      keys.push(key);
      pattern += name.slice(done, start) + HOLE;
      done = at;
    }
  }
  return done === 0 ? name : pattern + name.slice(done);
}

function hostStart(name: string): number {
  const user = name.lastIndexOf('@') + 1;
  return user > 0 ? user : name.toLowerCase().startsWith('ssh://') ? 6 : 0;
}

/** Before `:port`; an IPv6 address has one in brackets only. */
function hostEnd(name: string, from: number): number {
  if (name[from] === '[') return name.length - (/\](?::\d+\/?)?$/.exec(name)?.[0].length ?? 0);
  const colon = name.indexOf(':', from);
  return colon !== -1 && name.indexOf(':', colon + 1) === -1 ? colon : name.length;
}
