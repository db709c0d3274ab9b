import { foldNames } from '../core/fold.js';
import type { Fence } from './fence.js';
import { type Group, hasOutput } from './groups.js';
import { outcomeOf } from './outcome.js';
import { shownOutput } from './shown-output.js';
import { safeInLine } from './terminal-safe.js';

/** What our stdout can show, and what is said of output that was cut. */
export interface BlockStyle {
  readonly terminal: boolean;
  readonly color: boolean;
  readonly maxOutput: number;
}

const BOLD = '\u001b[1m';
const RED = '\u001b[31m';
const RESET = '\u001b[0m';

/** The names of a group between two lines of dashes: `node[1-3] (3)`, with how they ended where that was not well. */
export function blockHead(group: Group, fence: Fence, style: BlockStyle, ...notes: string[]): string {
  const { labels } = group;
  const outcome = outcomeOf(group.endings);
  const cut = group.truncated ? `output cut after ${formatSize(style.maxOutput)}` : '';
  const silent = hasOutput(group) ? '' : 'no output';
  const said = [outcome, ...notes, silent, cut].filter((note) => note !== '').join(', ');
  const names = `${safeInLine(foldNames(labels))}${labels.length > 1 ? ` (${labels.length})` : ''}`;
  const red = style.color && outcome !== '';
  const shown = style.color ? `${BOLD}${names}${RESET}` : names;
  const note = said === '' ? '' : `: ${red ? `${RED}${safeInLine(said)}${RESET}` : safeInLine(said)}`;
  return `${fence.line}\n${shown}${note}\n${fence.line}\n`;
}

/** stdout, then stderr below a line of its own. */
export function* blockOutput(
  group: Pick<Group, 'stdout' | 'stderr'>,
  fence: Fence,
  style: BlockStyle,
): Generator<Uint8Array | string> {
  yield* shownOutput(group.stdout, style.terminal);
  if (group.stderr.length === 0) return;
  yield `${fence.line} stderr\n`;
  yield* shownOutput(group.stderr, style.terminal);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** A number of bytes for people, exact where it is a round one. */
export function formatSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${UNITS[unit]}`;
}
