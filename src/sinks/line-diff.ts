import { structuredPatch } from 'diff';
import type { Output } from '../core/output.js';

// What takes longer to compare, or is larger, is shown whole: nobody reads such a difference.
const LONGEST_MS = 2_000;
// A thousand hosts may each say something else: all comparisons of a run together take no longer.
const LONGEST_OF_ALL_MS = 20_000;
const LARGEST = 8 * 1024 * 1024;

/** The time that the comparisons of one run still have. */
export class DiffTime {
  private left = LONGEST_OF_ALL_MS;

  /** What takes `work`, which is told how long it may take, is taken off. */
  spend<T>(work: (limitMs: number) => T): T {
    const started = performance.now();
    const result = work(Math.min(LONGEST_MS, Math.ceil(this.left)));
    this.left = Math.max(this.left - (performance.now() - started), 0);
    return result;
  }

  get isOver(): boolean {
    return this.left === 0;
  }
}

/**
 * The lines of a unified diff between two outputs, without its head, bytes as latin1; empty where they are equal.
 * @returns null: they differ too much
 */
export function lineDiff(before: Output, after: Output, time: DiffTime): readonly string[] | null {
  if (areEqual(before, after)) return [];
  if (before.length + after.length > LARGEST || time.isOver) return null;
  const patch = time.spend((timeout) =>
    structuredPatch('', '', latin1(before), latin1(after), undefined, undefined, { context: 3, timeout }),
  );
  if (patch === undefined) return null;
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`,
    ...lines,
  ]);
}

// Kept outputs of one length are cut at the same places; others are compared at once.
function areEqual(before: Output, after: Output): boolean {
  if (before.length !== after.length) return false;
  const others = after.pieces()[Symbol.iterator]();
  for (const piece of before.pieces()) {
    const other = others.next();
    if (other.done === true || other.value.length !== piece.length)
      return Buffer.compare(before.bytes(), after.bytes()) === 0;
    if (Buffer.compare(piece, other.value) !== 0) return false;
  }
  return true;
}

// Of no lines the one before is named.
const range = (start: number, lines: number): string => `${lines === 0 ? start - 1 : start},${lines}`;

// A character a byte, so that what is no UTF-8 comes out as it went in.
function latin1(output: Output): string {
  const bytes = output.bytes();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
