import type { OutputEvent, RunEvent, Sink } from '../core/events.js';
import type { Target } from '../core/target.js';
import { terminalSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface PrefixOptions {
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** All targets: their names decide the width of the prefix on a terminal. */
  readonly targets: readonly Target[];
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
}

const NEWLINE = 0x0a;
// Six hues that can be read on light and dark; no red, which failures use.
const COLORS = ['36', '32', '33', '35', '34', '96'];

/** Each line with its host before it, `host: line`; on a terminal aligned and coloured. */
export class PrefixSink implements Sink {
  private readonly width: number;

  constructor(private readonly options: PrefixOptions) {
    this.width = options.targets.reduce((width, target) => Math.max(width, target.label.length), 0);
  }

  event(event: RunEvent): void | Promise<void> {
    if (event.type !== 'output') return undefined;
    const { stream } = event;
    const prefix = this.prefix(event.target, stream);
    const data = this.options.terminal[stream] ? safeBytes(event) : event.data;
    return this.options[stream].write(prefixLines(prefix, data));
  }

  private prefix(target: Target, stream: OutputEvent['stream']): Buffer {
    const padded = this.options.terminal[stream]
      ? `${target.label}:`.padEnd(this.width + 2)
      : `${target.label}: `;
    if (!this.options.color[stream]) return Buffer.from(padded);
    const color = COLORS[target.index % COLORS.length] ?? '36';
    return Buffer.from(`\u001b[${color}m${padded}\u001b[0m`);
  }
}

function safeBytes(event: OutputEvent): Uint8Array {
  return Buffer.from(terminalSafe(new TextDecoder().decode(event.data)));
}

/** Puts the prefix before each line and a newline after the last. */
export function prefixLines(prefix: Uint8Array, data: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let start = 0;
  while (start < data.length) {
    const newline = data.indexOf(NEWLINE, start);
    const end = newline === -1 ? data.length : newline + 1;
    pieces.push(prefix, data.subarray(start, end));
    start = end;
  }
  if (data.at(-1) !== NEWLINE) pieces.push(Buffer.from('\n'));
  return Buffer.concat(pieces);
}
