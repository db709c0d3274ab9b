import { structuredPatch } from 'diff';
import type { Output } from '../core/output.js';

// What takes longer to compare, or is larger, is shown whole: nobody reads such a difference.
const LONGEST_MS = 2_000;
const LARGEST = 8 * 1024 * 1024;

/**
 * The lines of a unified diff between two outputs, without its head, bytes as latin1; empty where they are equal.
 * @returns null: they differ too much
 */
export function lineDiff(before: Output, after: Output): readonly string[] | null {
  if (before.length + after.length > LARGEST) return null;
  const patch = structuredPatch('', '', latin1(before), latin1(after), undefined, undefined, {
    context: 3,
    timeout: LONGEST_MS,
  });
  if (patch === undefined) return null;
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
}

// A character a byte, so that what is no UTF-8 comes out as it went in.
function latin1(output: Output): string {
  const bytes = output.bytes();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
