import { keyText, rangeOf, sortKeys } from './number-key.js';

/** What one axis of a row holds: several numbers, known by one object wherever they are the same. */
interface Axis {
  readonly keys: ArrayLike<number>;
  readonly id: number;
}

/** A block of names: every combination of its axes' numbers. */
export type Row = readonly Axis[];

/** Makes axes so that equal ones are the same object. */
export class AxisTable {
  private readonly known = new Map<string, Axis>();
  private readonly single = new Map<number, Axis>();

  one(key: number): Axis {
    let axis = this.single.get(key);
    if (axis === undefined) {
      axis = { keys: [key], id: this.known.size + this.single.size };
      this.single.set(key, axis);
    }
    return axis;
  }

  /** Several axes as one. */
  join(axes: readonly Axis[]): Axis {
    const [only] = axes;
    if (axes.length === 1 && only !== undefined) return only;
    let length = 0;
    for (const { keys } of axes) length += keys.length;
    const all = new Float64Array(length);
    let at = 0;
    for (const { keys } of axes) {
      all.set(keys, at);
      at += keys.length;
    }
    const keys = sortKeys(all);
    if (keys.length === 1) return only as Axis;
    const text = rangeOf(keys);
    let axis = this.known.get(text);
    if (axis === undefined) {
      axis = { keys, id: this.known.size + this.single.size };
      this.known.set(text, axis);
    }
    return axis;
  }
}

/** The axis on which alone two rows differ; -1 where they differ on more. */
export function onlyDifference(a: Row, b: Row): number {
  let found = -1;
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] === b[index]) continue;
    if (found !== -1) return -1;
    found = index;
  }
  return found;
}

/** nodeset's order of blocks: large ones first, then by the sizes and ends of each axis, as texts. */
export function compareRows(a: Row, b: Row): number {
  const bySize = size(b) - size(a);
  if (bySize !== 0) return bySize;
  for (let index = 0; index < a.length; index += 1) {
    const left = (a[index] as Axis).keys;
    const right = (b[index] as Axis).keys;
    const order =
      right.length - left.length ||
      compareTexts(left[0] as number, right[0] as number) ||
      compareTexts(left[left.length - 1] as number, right[right.length - 1] as number);
    if (order !== 0) return order;
  }
  return 0;
}

function size(row: Row): number {
  let product = 1;
  for (const { keys } of row) product *= keys.length;
  return product;
}

function compareTexts(a: number, b: number): number {
  if (a === b) return 0;
  return keyText(a) < keyText(b) ? -1 : 1;
}
