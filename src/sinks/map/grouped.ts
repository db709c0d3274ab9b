import type { Sink } from '../../core/events.js';
import type { MapEvent } from '../../core/map/task.js';
import type { Output } from '../../core/output.js';
import { shownOutput } from '../shown-output.js';
import { terminalSafe } from '../terminal-safe.js';
import type { Writer } from '../writer.js';

export interface GroupedOptions {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** Each line bears the task's values. */
  readonly tag: boolean;
}

/** The output of each task in one piece when it is done, as GNU parallel has it: bytes as they came. */
export class GroupedSink implements Sink<MapEvent> {
  constructor(private readonly options: GroupedOptions) {}

  event(event: MapEvent): void | Promise<void> {
    if (event.type !== 'finished') return undefined;
    const { stdout, stderr, task } = event.result;
    if (stdout.length === 0 && stderr.length === 0) return undefined;
    const tag = this.options.tag ? `${task.values.join(' ').replace(/[\t\r\n]/g, ' ')}\t` : '';
    return this.show('stdout', stdout, tag).then(() => this.show('stderr', stderr, tag));
  }

  private async show(name: 'stdout' | 'stderr', output: Output, tag: string): Promise<void> {
    if (output.length === 0) return;
    const { terminal } = this.options;
    const pieces = terminal[name] ? shownOutput(output, true) : output.pieces();
    const before = terminal[name] ? terminalSafe(tag) : tag;
    await this.options[name].writeAll(before === '' ? pieces : tagged(pieces, before));
  }
}

function* tagged(pieces: Iterable<Uint8Array | string>, tag: string): Generator<Uint8Array | string> {
  let atStart = true;
  for (const piece of pieces) {
    const text = typeof piece === 'string' ? Buffer.from(piece).toString('latin1') : latin1(piece);
    if (text === '') continue;
    const before = Buffer.from(tag).toString('latin1');
    const ends = text.endsWith('\n');
    const body = (ends ? text.slice(0, -1) : text).replaceAll('\n', `\n${before}`);
    yield Buffer.from(`${atStart ? before : ''}${body}${ends ? '\n' : ''}`, 'latin1');
    atStart = ends;
  }
  if (!atStart) yield '\n';
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
