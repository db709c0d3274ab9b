const MOST = 3;

/** The names most like a mistyped one, nearest first; none where nothing is near. */
export function nearNames(wanted: string, names: Iterable<string>): string[] {
  const bound = Math.max(1, Math.floor(Math.min(wanted.length, 64) / 3));
  const near: { name: string; distance: number }[] = [];
  for (const name of names) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase(), bound);
    if (distance <= bound) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, MOST).map(({ name }) => name);
}

/** Insertions, deletions and changes between two texts; anything above `bound` comes back as bound + 1. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const shift = Math.min(previous[column] as number, current[column - 1] as number) + 1;
      current.push(Math.min(change, shift));
    }
    if (Math.min(...current) > bound) return bound + 1;
    previous = current;
  }
  return previous[b.length] as number;
}
