/**
 * The candidates a mistyped name may have meant, nearest first: at most three, none further than a third of
 * the name's length (and never more than three slips) away.
 */
export function nearest(name: string, candidates: Iterable<string>): string[] {
  if (name.length > 256) return [];
  const bound = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const distance = slips(name.toLowerCase(), candidate.toLowerCase(), bound);
    if (distance <= bound) found.push({ candidate, distance });
  }
  // The sort is stable: of equals the first given stays first.
  return found
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/**
 * Damerau-Levenshtein distance (a letter more, less, other, or two swapped), cut off: more than `bound` is
 * given as `bound + 1`. Only the diagonal band that can stay within the bound is computed.
 */
function slips(a: string, b: string, bound: number): number {
  const far = bound + 1;
  if (Math.abs(a.length - b.length) > bound) return far;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = new Array<number>(b.length + 1).fill(far);
    row[0] = i;
    for (let j = Math.max(1, i - bound); j <= Math.min(b.length, i + bound); j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? far) + 1, (row[j - 1] ?? far) + 1, (last[j - 1] ?? far) + cost);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? far) + 1);
      row[j] = Math.min(best, far);
    }
    if (Math.min(...row) > bound) return far;
    before = last;
    last = row;
  }
  return last[b.length] ?? far;
}
