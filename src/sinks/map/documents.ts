import type { Sink } from '../../core/events.js';
import type { MapEvent, MapSummary } from '../../core/map/task.js';
import { jsonTarget } from '../json-text.js';
import { jsonSafe } from '../terminal-safe.js';
import type { Writer } from '../writer.js';
import { mapEnding, taskEnding, taskPieces } from './task-json.js';

export interface MapJsonOptions {
  readonly stdout: Writer;
  readonly terminal: boolean;
  readonly startedAt: Date;
  readonly command: string;
}

/** `--json`: one document (`pssh-ts/map@1`), written as the results come: none of them is held. */
export class MapJsonSink implements Sink<MapEvent> {
  private first = true;
  private summary: MapSummary | null = null;

  constructor(private readonly options: MapJsonOptions) {}

  event(event: MapEvent): void | Promise<void> {
    if (event.type === 'summary') this.summary = event.summary;
    if (event.type !== 'finished') return undefined;
    return this.options.stdout.writeAll(this.safe(this.entry(taskPieces(event.result))));
  }

  async end(): Promise<void> {
    const { summary } = this;
    const ending = summary === null ? {} : mapEnding(summary);
    const last = `\n],${JSON.stringify(ending).slice(1)}\n`;
    await this.options.stdout.writeAll(this.safe(this.first ? [this.head(), last] : [last]));
  }

  private *entry(pieces: Iterable<string>): Generator<string> {
    yield this.first ? `${this.head()}\n` : ',\n';
    this.first = false;
    yield* pieces;
  }

  private head(): string {
    const { startedAt, command } = this.options;
    const head = { schema: 'pssh-ts/map@1', startedAt: startedAt.toISOString(), command };
    return `${JSON.stringify(head).slice(0, -1)},"results":[`;
  }

  private *safe(pieces: Iterable<string>): Generator<string> {
    for (const piece of pieces) yield this.options.terminal ? jsonSafe(piece) : piece;
  }
}

/** `--ndjson`: an event a line as it happens (`pssh-ts/map-event@1`). */
export class MapNdjsonSink implements Sink<MapEvent> {
  constructor(
    private readonly stdout: Writer,
    private readonly terminal: boolean,
  ) {}

  event(event: MapEvent): void | Promise<void> {
    if (event.type === 'output') return undefined;
    const { type } = event;
    const head = { schema: 'pssh-ts/map-event@1', type, time: new Date(event.time).toISOString() };
    const safe = (text: string): string => (this.terminal ? jsonSafe(text) : text);
    if (event.type === 'finished') return this.stdout.writeAll(line(taskPieces(event.result, head), safe));
    return this.stdout.write(safe(`${JSON.stringify({ ...head, ...fields(event) })}\n`));
  }
}

function* line(pieces: Iterable<string>, safe: (text: string) => string): Generator<string> {
  for (const piece of pieces) yield safe(piece);
  yield '\n';
}

type Plain = Exclude<MapEvent, { readonly type: 'finished' | 'output' }>;

function fields(event: Plain): Record<string, unknown> {
  switch (event.type) {
    case 'connecting':
      return { ...jsonTarget(event.target), attempt: event.attempt };
    case 'connected':
      return {
        ...jsonTarget(event.target),
        ...{ reused: event.reused, transport: event.transport.kind, slots: event.slots },
      };
    case 'out': {
      const { status, message, error } = event.out;
      return { ...jsonTarget(event.target), status, message, error };
    }
    case 'started': {
      const { task, target, slot, command } = event;
      return { seq: task.seq, key: task.key, values: task.values, command, ...jsonTarget(target), slot };
    }
    case 'again':
      return { ...taskEnding(event.result), error: event.result.error };
    case 'note':
      return { ...jsonTarget(event.target), message: event.message };
    case 'summary':
      return mapEnding(event.summary);
  }
}
