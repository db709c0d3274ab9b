import type { RunEvent, Sink, StreamName } from '../core/events.js';
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

  constructor(private readonly options: PlainOptions) {}

  event(event: RunEvent): void | Promise<void> {
    if (event.type !== 'output') return undefined;
    const { stream, target, data, partial } = event;
    const before = this.unfinished[stream];
    this.unfinished[stream] = partial ? target.index : null;
    const writer = this.options[stream];
    const shown = this.options.terminal[stream] ? terminalSafe(new TextDecoder().decode(data)) : data;
    if (before !== null && before !== target.index) void writer.write('\n');
    return writer.write(shown);
  }
}
