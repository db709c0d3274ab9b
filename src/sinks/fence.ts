import { randomBytes } from 'node:crypto';
import type { Output } from '../core/output.js';

const SHORTEST = 15;
const LONGEST = 100;
const [NEWLINE, ESCAPE, BLANK, DASH, DIGIT, SEMICOLON, BRACKET, COLOUR_END] = [
  0x0a, 0x1b, 0x20, 0x2d, 0x30, 0x3b, 0x5b, 0x6d,
];
// UTF-8 of the other hyphens and dashes, and of the lines that boxes are drawn with, begins with it.
const DASH_ALIKE = 0xe2;

/**
 * The line of dashes above and below the names of hosts, always longer than any in the output shown, so that
 * no output can pass for another host's. Where a host writes very long ones, a word that it can't know stands behind.
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

/**
 * The longest row of dashes that a reader could see. Anywhere in a line, for a terminal wraps a long one where a host
 * may wish. Colours and what takes no room do not end a row, and what looks like a dash is one.
 */
export function longestDashes(output: Output): number {
  let longest = 0;
  let row = 0;
  let sequence: 'none' | 'begun' | 'colour' = 'none';
  for (const piece of output.pieces()) {
    for (const byte of piece) {
      if (byte === DASH || byte === DASH_ALIKE) {
        row += 1;
        if (row > longest) longest = row;
        sequence = 'none';
      } else if (byte === ESCAPE) sequence = 'begun';
      else if (sequence === 'begun' && byte === BRACKET) sequence = 'colour';
      else if (sequence === 'colour' && (byte === COLOUR_END || (byte >= DIGIT && byte <= SEMICOLON))) {
        if (byte === COLOUR_END) sequence = 'none';
      } else if (byte === NEWLINE || (byte >= BLANK && byte < 0x80)) {
        row = 0;
        sequence = 'none';
      }
    }
  }
  return longest;
}
