import { Capture } from '../core/capture.js';
import type { OutputEvent, RunEvent, Sink, StreamName } from '../core/events.js';
import type { BlockStore } from '../core/output.js';
import type { Target } from '../core/target.js';
import { shownOutput } from './shown-output.js';
import { terminalSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface PrefixOptions {
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** All targets: their names decide the width of the prefix on a terminal. */
  readonly targets: readonly Target[];
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** Where a line lies that is too long to be held in memory. */
  readonly store: BlockStore;
}

const NEWLINE = 0x0a;
// Six hues that can be read on light and dark; no red, which failures use.
const COLORS = ['36', '32', '33', '35', '34', '96'];
// A line that goes on for longer than this is broken: it may never end.
const LONGEST_LINE = 64 * 1024 * 1024;
// Making text of bytes and back pays where there are many lines.
const FEW_BYTES = 512;

/** Each line with its host before it, `host: line`; on a terminal aligned and coloured. */
export class PrefixSink implements Sink {
  private readonly width: number;
  /** Beginnings of lines whose end has not come. */
  private readonly unfinished = new Map<string, Capture>();

  constructor(private readonly options: PrefixOptions) {
    this.width = options.targets.reduce((width, target) => Math.max(width, target.label.length), 0);
  }

  event(event: RunEvent): void | Promise<void> {
    if (event.type === 'output') return this.output(event);
    // A last line without an end gets one, so that no other host goes on in it.
    if (event.type === 'finished') return this.finish(event.target);
    return undefined;
  }

  private output(event: OutputEvent): void | Promise<void> {
    const { target, stream, partial } = event;
    const key = `${stream}${target.index}`;
    const held = this.unfinished.get(key);
    if (partial) return this.hold(event, key, held);
    if (held === undefined) return this.write(target, stream, event.data);
    this.unfinished.delete(key);
    const end = event.data.indexOf(NEWLINE) + 1;
    held.add(event.data.subarray(0, end));
    const rest = event.data.subarray(end);
    const long = this.writeLong(target, stream, held);
    return rest.length === 0 ? long : long.then(() => this.write(target, stream, rest));
  }

  private hold(event: OutputEvent, key: string, held: Capture | undefined): void | Promise<void> {
    const { target, stream, data } = event;
    if (held === undefined || held.length + data.length > LONGEST_LINE) {
      const fresh = new Capture(Number.POSITIVE_INFINITY, this.options.store);
      fresh.add(data);
      this.unfinished.set(key, fresh);
      return held === undefined ? undefined : this.writeLong(target, stream, held);
    }
    held.add(data);
    return undefined;
  }

  private async finish(target: Target): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const key = `${stream}${target.index}`;
      const held = this.unfinished.get(key);
      if (held === undefined) continue;
      this.unfinished.delete(key);
      await this.writeLong(target, stream, held);
    }
  }

  private write(target: Target, stream: StreamName, data: Uint8Array): void | Promise<void> {
    const safe = this.options.terminal[stream]
      ? Buffer.from(terminalSafe(new TextDecoder().decode(data)))
      : data;
    return this.options[stream].write(prefixLines(this.prefix(target, stream), safe));
  }

  /** One line from wherever it lies, and its room given back. */
  private async writeLong(target: Target, stream: StreamName, line: Capture): Promise<void> {
    const { options } = this;
    const prefix = this.prefix(target, stream);
    const pieces = function* () {
      yield prefix;
      yield* shownOutput(line, options.terminal[stream]);
    };
    await options[stream].writeAll(pieces());
    line.discard();
  }

  private prefix(target: Target, stream: StreamName): Buffer {
    const padded = this.options.terminal[stream]
      ? terminalSafe(`${target.label}:`.padEnd(this.width + 2))
      : `${target.label}: `;
    if (!this.options.color[stream]) return Buffer.from(padded);
    const color = COLORS[target.index % COLORS.length] ?? '36';
    return Buffer.from(`\u001b[${color}m${padded}\u001b[0m`);
  }
}

/** Puts the prefix before each line and a newline after the last. */
export function prefixLines(prefix: Buffer, data: Uint8Array): Uint8Array {
  const ends = data.at(-1) === NEWLINE;
  const lines = Buffer.from(data.buffer, data.byteOffset, data.byteLength - (ends ? 1 : 0));
  const first = lines.indexOf(NEWLINE);
  if (first === -1) return Buffer.concat([prefix, lines, Buffer.from('\n')]);
  return lines.length < FEW_BYTES ? joinPieces(prefix, lines, first) : joinText(prefix, lines);
}

function joinPieces(prefix: Buffer, lines: Buffer, first: number): Buffer {
  const pieces: Buffer[] = [];
  let start = 0;
  for (let end = first; end !== -1; end = lines.indexOf(NEWLINE, start)) {
    pieces.push(prefix, lines.subarray(start, end + 1));
    start = end + 1;
  }
  pieces.push(prefix, lines.subarray(start), Buffer.from('\n'));
  return Buffer.concat(pieces);
}

// A character a byte: V8 replaces in such a text several times as fast as lines can be copied one by one.
function joinText(prefix: Buffer, lines: Buffer): Buffer {
  const before = prefix.toString('latin1');
  const text = lines.toString('latin1').replaceAll('\n', `\n${before}`);
  return Buffer.from(`${before}${text}\n`, 'latin1');
}
