/** Whether a name fits a pattern of ssh_config: `*` and `?`, case counts (ssh's match_pattern). */
export function matchPattern(name: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let i = 0;
  // Only the last star is gone back to, so hostile patterns cost name times pattern at most.
  while (i < name.length) {
    const expected = pattern[at];
    if (expected === '*') {
      star = at++;
      resume = i;
    } else if (expected !== undefined && (expected === '?' || expected === name[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** Whether a `Host` line with these patterns applies to a name: one fits, and none with a `!` does. */
export function matchHostPatterns(name: string, patterns: readonly string[]): boolean {
  let matched = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matchPattern(name, negated ? pattern.slice(1) : pattern)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}
