import { isUtf8 } from 'node:buffer';
import type { Output } from '../core/output.js';

/** How many bytes at the end begin a character whose rest may still come. */
export function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return byte >= 0xf8 || sequenceLength(byte) <= back ? 0 : back;
  }
  return 0;
}

const sequenceLength = (first: number): number => (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2);

/** Whether all of an output is UTF-8, wherever its pieces are cut. */
export function isUtf8Output(output: Output): boolean {
  let carried: Uint8Array = new Uint8Array(0);
  for (const piece of output.pieces()) {
    const joined = carried.length === 0 ? piece : Buffer.concat([carried, piece]);
    const whole = joined.length - unfinishedBytes(joined);
    if (!isUtf8(joined.subarray(0, whole))) return false;
    carried = joined.subarray(whole);
  }
  return carried.length === 0;
}
