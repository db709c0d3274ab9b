import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunSummary, Sink } from '../../../src/core/events.js';
import { type Output, outputOf } from '../../../src/core/output.js';
import type { HostResult } from '../../../src/core/result.js';
import { JsonSink } from '../../../src/sinks/json.js';
import { resultPieces } from '../../../src/sinks/json-result.js';
import { NdjsonSink } from '../../../src/sinks/ndjson.js';
import type { Writer } from '../../../src/sinks/writer.js';
import { finished, makeResult, makeSummary, makeTarget, memoryWriter, outputEvent } from '../make.js';

const startedAt = new Date('2026-01-02T03:04:05.678Z');

async function write(
  results: readonly HostResult[],
  summary: RunSummary | null,
  command: string | null = 'uptime',
) {
  const { writer, memory } = memoryWriter();
  const sink = new JsonSink({ stdout: writer, startedAt, command });
  for (const result of results) sink.event(finished(result));
  if (summary !== null) sink.event({ type: 'summary', time: 0, summary });
  await sink.end();
  return { memory, document: JSON.parse(memory.text) as Record<string, unknown> & { results: unknown[] } };
}

describe('JsonSink', () => {
  it('writes exactly this', async () => {
    const result = makeResult({
      target: makeTarget('10.0.0.1', {
        user: 'root',
        port: 2222,
        index: 0,
        vars: { inventory_hostname: 'db1' },
      }),
      status: 'failed',
      exitCode: 3,
      stdout: outputOf(Buffer.from('out "é"\n')),
      stderr: outputOf(Buffer.from('err\n')),
      attempts: 1,
      startedAt,
      durationMs: 12,
    });
    const { document } = await write([result], makeSummary({ failed: 1 }, { exitCode: 5, durationMs: 34 }));
    expect(document).toEqual({
      schema: 'pssh-ts/run@1',
      startedAt: '2026-01-02T03:04:05.678Z',
      durationMs: 34,
      command: 'uptime',
      exitCode: 5,
      summary: {
        total: 1,
        ok: 0,
        failed: 1,
        signaled: 0,
        timedOut: 0,
        canceled: 0,
        unreachable: 0,
        authFailed: 0,
        hostKeyFailed: 0,
        disconnected: 0,
        skipped: 0,
      },
      results: [
        {
          host: 'db1',
          user: 'root',
          port: 2222,
          index: 0,
          step: 0,
          command: 'uptime',
          status: 'failed',
          exitCode: 3,
          signal: null,
          killed: null,
          attempts: 1,
          startedAt: '2026-01-02T03:04:05.678Z',
          durationMs: 12,
          stdout: 'out "é"\n',
          stderr: 'err\n',
          stdoutEncoding: 'utf8',
          stderrEncoding: 'utf8',
          truncated: false,
          error: null,
        },
      ],
    });
  });

  it("puts the results in the targets' order, steps in turn, however they ended", async () => {
    const at = (index: number, step: number) => makeResult({ target: makeTarget('h', { index }), step });
    const { document } = await write(
      [at(2, 0), at(0, 1), at(1, 0), at(0, 0), at(2, 1)],
      makeSummary({ ok: 3 }),
    );
    expect(document.results).toMatchObject([
      { index: 0, step: 0 },
      { index: 0, step: 1 },
      { index: 1, step: 0 },
      { index: 2, step: 0 },
      { index: 2, step: 1 },
    ]);
  });

  it('is one document for any number of results, written result by result', async () => {
    for (const count of [0, 1, 2, 50]) {
      const results = Array.from({ length: count }, (_, index) =>
        makeResult({ target: makeTarget('h', { index }) }),
      );
      const { memory, document } = await write(results, makeSummary({ ok: count }));
      expect(document.results).toHaveLength(count);
      expect(memory.writes.length).toBeGreaterThanOrEqual(count);
      expect(memory.text.trimEnd()).toMatch(/\}$/);
    }
  });

  it('writes nothing before the end', () => {
    const { writer, memory } = memoryWriter();
    const sink = new JsonSink({ stdout: writer, startedAt, command: null });
    sink.event(finished(makeResult()));
    sink.event(outputEvent('x\n'));
    expect(memory.text).toBe('');
  });

  it('has null for what is not known', async () => {
    const error = { code: 'ERR_CONNECT', message: 'no "route"\u001b' } as const;
    const { document } = await write([makeResult({ status: 'unreachable', error })], null, null);
    expect(document).toMatchObject({ command: null, exitCode: null, summary: null });
    expect(document.results).toMatchObject([
      { user: null, port: null, startedAt: null, exitCode: null, error },
    ]);
  });
});

const jsonResult = (result: HostResult): unknown => JSON.parse([...resultPieces(result)].join(''));

/** As a spilled output comes: cut anywhere, in characters too. */
function inPieces(bytes: Uint8Array, size: number): Output {
  const pieces = function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  return { ...outputOf(bytes), pieces };
}

describe('resultPieces', () => {
  it('gives text as text, and bytes that are no UTF-8 as base64, each stream by itself', () => {
    const bytes = Buffer.from([0x66, 0xff, 0x0a]);
    expect(
      jsonResult(makeResult({ stdout: outputOf(bytes), stderr: outputOf(Buffer.from('\ufeffé\0')) })),
    ).toMatchObject({
      stdout: 'Zv8K',
      stdoutEncoding: 'base64',
      stderr: '\ufeffé\0',
      stderrEncoding: 'utf8',
    });
  });

  it('loses no byte', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
        ),
        fc.integer({ min: 1, max: 7 }),
        (bytes, size) => {
          // A piece of a larger buffer, as they come from a stream.
          const piece = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]).subarray(
            6,
            6 + bytes.length,
          );
          const read = jsonResult(makeResult({ stdout: inPieces(piece, size) })) as {
            stdout: string;
            stdoutEncoding: BufferEncoding;
          };
          expect(Buffer.from(read.stdout, read.stdoutEncoding)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });
});

describe('JSON on a terminal', () => {
  const hostile = `\u001b[31m\u009b2J\u007f\u202e\u2066\u2028 plain é ${'x'.repeat(70_000)}\u0090`;
  const events = [
    outputEvent(`${hostile}\n`),
    finished(makeResult({ stdout: outputOf(Buffer.from(hostile)) })),
    { type: 'note', time: 0, target: null, message: hostile },
  ] as const;
  const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

  it.each([
    [
      '--json',
      (stdout: Writer, terminal: boolean) => new JsonSink({ stdout, terminal, startedAt, command: null }),
    ],
    ['--ndjson', (stdout: Writer, terminal: boolean) => new NdjsonSink(stdout, terminal)],
  ])('%s holds no control character, and says the same as elsewhere', async (_, make) => {
    const texts: string[] = [];
    for (const terminal of [true, false]) {
      const { writer, memory } = memoryWriter();
      const sink: Sink = make(writer, terminal);
      for (const event of events) await sink.event(event);
      await sink.end?.();
      texts.push(memory.text);
    }
    const [shown = '', piped = ''] = texts;
    expect(shown).not.toMatch(CONTROL);
    expect(piped).toMatch(CONTROL);
    const parsed = (text: string) =>
      text.startsWith('{"schema":"pssh-ts/run')
        ? [JSON.parse(text)]
        : text
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
    expect(parsed(shown)).toEqual(parsed(piped));
  });
});
