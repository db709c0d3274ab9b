/**
 * A number as it stands in a name, its leading zeros kept, is held as the value of its digits with a 1 before
 * them: `01` is 101, `1` is 11. Equal keys are equal texts, and keys sort as nodeset sorts: shorter texts first,
 * then by value.
 */
export const MOST_DIGITS = 15;

/** The digits of a key. */
export function keyText(key: number): string {
  return String(key).slice(1);
}

/** Sorted, each once. */
export function sortKeys(keys: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(keys).sort();
  let kept = 0;
  for (let at = 0; at < sorted.length; at += 1)
    if (at === 0 || sorted[at] !== sorted[at - 1]) {
      sorted[kept] = sorted[at] as number;
      kept += 1;
    }
  return sorted.subarray(0, kept);
}

/** Sorted keys as an expression has them: `7`, `[1-3,7,01-02]`. */
export function rangeOf(keys: ArrayLike<number>): string {
  if (keys.length === 1) return keyText(keys[0] as number);
  const parts: string[] = [];
  let power = 10;
  let at = 0;
  while (at < keys.length) {
    const first = keys[at] as number;
    while (first >= 2 * power) power *= 10;
    const padded = power > 10 && first - power < power / 10;
    let last = first;
    at += 1;
    while (at < keys.length) {
      // 9 and 10 follow each other, 09 and 10 too, but after 99 a padded range ends.
      const atNines = last === 2 * power - 1;
      if (atNines && padded) break;
      if (keys[at] !== (atNines ? 11 * power : last + 1)) break;
      if (atNines) power *= 10;
      last = keys[at] as number;
      at += 1;
    }
    parts.push(first === last ? keyText(first) : `${keyText(first)}-${keyText(last)}`);
  }
  return `[${parts.join(',')}]`;
}
