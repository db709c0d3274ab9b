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

/** Insertions, deletions, changes and swaps of neighbours between two texts; bound + 1 where they are more. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const shift = Math.min(previous[column] as number, current[column - 1] as number) + 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? (before[column - 2] as number) + 1 : Infinity;
      current.push(Math.min(change, shift, swap));
    }
    if (Math.min(...current) > bound) return bound + 1;
    before = previous;
    previous = current;
  }
  return previous[b.length] as number;
}
