import { StringDecoder } from 'node:string_decoder';
import type { OutputEvent, RunEvent, Sink, StreamName } from '../core/events.js';
import { terminalSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface PlainOptions {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
}

/**
 * `-N`: the output as it is. Bytes are exact; only where another host's output would go on in the middle of a
 * host's unfinished line is a newline put between them.
 */
export class PlainSink implements Sink {
  private readonly unfinished: Record<StreamName, number | null> = { stdout: null, stderr: null };
  /** For lines that come in pieces: a piece may end in the middle of a character. */
  private readonly decoders = new Map<string, StringDecoder>();

  constructor(private readonly options: PlainOptions) {}

  event(event: RunEvent): void | Promise<void> {
    if (event.type !== 'output') return undefined;
    const { stream, target, partial } = event;
    const before = this.unfinished[stream];
    this.unfinished[stream] = partial ? target.index : null;
    const writer = this.options[stream];
    const shown = this.options.terminal[stream] ? terminalSafe(this.decode(event)) : event.data;
    if (before !== null && before !== target.index) void writer.write('\n');
    return writer.write(shown);
  }

  private decode({ stream, target, data, partial }: OutputEvent): string {
    const key = `${stream}${target.index}`;
    const decoder = this.decoders.get(key) ?? new StringDecoder('utf8');
    if (partial) this.decoders.set(key, decoder);
    else this.decoders.delete(key);
    const text = decoder.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    return partial ? text : text + decoder.end();
  }
}
