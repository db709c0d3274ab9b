import type { RunEvent, Sink } from '../core/events.js';
import { jsonEnding, jsonSummary } from './json-result.js';
import { jsonBytes, jsonTarget } from './json-text.js';
import { jsonSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

/** `--ndjson`: one event a line as it happens (`pssh-ts/event@1`). */
export class NdjsonSink implements Sink {
  constructor(
    private readonly stdout: Writer,
    private readonly terminal = false,
  ) {}

  event(event: RunEvent): void | Promise<void> {
    const { type } = event;
    const head = { schema: 'pssh-ts/event@1', type, time: new Date(event.time).toISOString() };
    const line = `${JSON.stringify({ ...head, ...fields(event) })}\n`;
    return this.stdout.write(this.terminal ? jsonSafe(line) : line);
  }
}

function fields(event: RunEvent): Record<string, unknown> {
  switch (event.type) {
    case 'connecting':
      return { ...jsonTarget(event.target), attempt: event.attempt };
    case 'connected':
      return { ...jsonTarget(event.target), reused: event.reused, transport: event.transport.kind };
    case 'started':
      return { ...jsonTarget(event.target), step: event.step, command: event.command };
    case 'output': {
      const { step, stream, partial } = event;
      return { ...jsonTarget(event.target), step, stream, ...jsonBytes(event.data), partial };
    }
    case 'moved':
      return { ...jsonTarget(event.target), step: event.step, bytes: event.bytes };
    case 'note':
      return { ...jsonTarget(event.target), message: event.message };
    case 'finished':
      return { ...jsonTarget(event.target), ...jsonEnding(event.result), error: event.result.error };
    case 'summary': {
      const { durationMs, exitCode } = event.summary;
      return { durationMs, exitCode, summary: jsonSummary(event.summary) };
    }
  }
}
