import type { Sink } from '../../core/events.js';
import type { MapEvent } from '../../core/map/task.js';
import { prefixLines } from '../prefix.js';
import { terminalSafe } from '../terminal-safe.js';
import type { Writer } from '../writer.js';

export interface LinesOptions {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** The host and the number of the task before each line. */
  readonly prefix: boolean;
}

/** `--line-buffer`: whole lines of all tasks as they come; one beyond a MiB goes on in the next. */
export class LinesSink implements Sink<MapEvent> {
  constructor(private readonly options: LinesOptions) {}

  event(event: MapEvent): void | Promise<void> {
    if (event.type !== 'output') return undefined;
    const { stream, target, task, data } = event;
    const { prefix, terminal } = this.options;
    const safe = terminal[stream] ? Buffer.from(terminalSafe(new TextDecoder().decode(data))) : data;
    const before = prefix ? Buffer.from(`${terminalSafe(target.label)}#${task.seq}: `) : Buffer.alloc(0);
    return this.options[stream].write(prefixLines(before, safe));
  }
}
