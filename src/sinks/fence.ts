import { randomBytes } from 'node:crypto';
import type { Output } from '../core/output.js';

const SHORTEST = 15;
const LONGEST = 100;
const DASH = 0x2d;
const NEWLINE = 0x0a;

/**
 * The line of dashes above and below the names of hosts, always longer than any that begins a line of the output
 * shown, so that no output can pass for another host's. Where a host writes very long ones, a word that it can't
 * know stands behind.
 */
export class Fence {
  private dashes = SHORTEST;
  private word = '';

  /**
   * Has to know an output before a line is taken for it.
   * @param before dashes that are put before its lines
   */
  cover(output: Output, before = 0): void {
    const longest = before + longestDashes(output) + 1;
    if (longest <= this.dashes) return;
    this.dashes = Math.min(longest, LONGEST);
    if (longest > LONGEST && this.word === '') this.word = ` ${randomBytes(6).toString('hex')}`;
  }

  get line(): string {
    return '-'.repeat(this.dashes) + this.word;
  }
}

/** Of all lines, the most dashes that one begins with. */
export function longestDashes(output: Output): number {
  let longest = 0;
  let run = 0;
  let atStart = true;
  for (const piece of output.pieces()) {
    let at = 0;
    while (at < piece.length) {
      if (atStart) {
        const start = at;
        while (at < piece.length && piece[at] === DASH) at += 1;
        run += at - start;
        if (at === piece.length) break;
        longest = Math.max(longest, run);
        run = 0;
        atStart = false;
      }
      const newline = piece.indexOf(NEWLINE, at);
      if (newline === -1) break;
      at = newline + 1;
      atStart = true;
    }
  }
  return Math.max(longest, run);
}
