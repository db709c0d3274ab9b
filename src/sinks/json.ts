import type { RunEvent, RunSummary, Sink } from '../core/events.js';
import type { HostResult } from '../core/result.js';
import { jsonSummary, resultPieces } from './json-result.js';
import { jsonSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface JsonOptions {
  readonly stdout: Writer;
  /** stdout is one. @default false */
  readonly terminal?: boolean;
  readonly startedAt: Date;
  /** Null where each step has its own. */
  readonly command: string | null;
}

/** `--json`: one document at the end (`pssh-ts/run@1`), written piece by piece. */
export class JsonSink implements Sink {
  private readonly results: HostResult[] = [];
  private summary: RunSummary | null = null;

  constructor(private readonly options: JsonOptions) {}

  event(event: RunEvent): void {
    if (event.type === 'finished') this.results.push(event.result);
    else if (event.type === 'summary') this.summary = event.summary;
  }

  async end(): Promise<void> {
    const { stdout, terminal = false, startedAt, command } = this.options;
    const write = (piece: string) => stdout.write(terminal ? jsonSafe(piece) : piece);
    const { summary } = this;
    const head = {
      schema: 'pssh-ts/run@1',
      startedAt: startedAt.toISOString(),
      durationMs: summary?.durationMs ?? 0,
      command,
      exitCode: summary?.exitCode ?? null,
      summary: summary === null ? null : jsonSummary(summary),
    };
    await write(`${JSON.stringify(head).slice(0, -1)},"results":[`);
    this.results.sort((a, b) => a.target.index - b.target.index || a.step - b.step);
    for (const [place, result] of this.results.entries()) {
      await write(place === 0 ? '\n' : ',\n');
      for (const piece of resultPieces(result)) await write(piece);
    }
    await write('\n]}\n');
  }
}
