/** Whether a name fits a pattern of `*` (any text) and `?` (one character); linear but for the last `*`. */
export function matchesWildcard(pattern: string, name: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let resume = 0;
  while (place < name.length) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      resume = place;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[place])) {
      at += 1;
      place += 1;
    } else if (star !== -1) {
      // Only the last star need try again: what earlier ones took was enough.
      at = star + 1;
      resume += 1;
      place = resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
