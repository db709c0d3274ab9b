import { readFileSync } from 'node:fs';
import { usageError } from '../core/errors.js';
import type { RunEvent, Sink } from '../core/events.js';
import { EXIT } from '../core/exit-code.js';
import { foldNames } from '../core/fold.js';
import { RUN_DEFAULTS } from '../core/options.js';
import { show } from '../core/show.js';
import { systemReason } from '../sinks/file-fault.js';
import { JsonSink } from '../sinks/json.js';
import { type MergedRun, mergeRuns } from '../sinks/merge-runs.js';
import { type RunDocument, readRun } from '../sinks/read-run.js';
import { SummarySink } from '../sinks/summary.js';
import { Writer } from '../sinks/writer.js';
import type { Io } from './io.js';
import { checkKeptOptions } from './kept-options.js';
import type { SharedOptions } from './shared-options.js';
import { terminalTraits } from './terminal.js';

export interface MergeOptions extends Pick<SharedOptions, 'quiet' | 'color'> {
  readonly json?: boolean;
  readonly junit?: string;
  readonly report?: string;
  readonly maxStatus?: boolean;
}

/** Joins documents and shows them as one run. @returns the exit code @throws PsshError ERR_USAGE */
export async function mergeReports(files: readonly string[], options: MergeOptions, io: Io): Promise<number> {
  checkKeptOptions(options);
  const merged = mergeRuns(files.map(readDocument), options.maxStatus === true);
  const quiet = options.quiet === true;
  if (merged.repeated.length > 0 && !quiet) {
    const names = foldNames(merged.repeated.map(({ label }) => label));
    io.stderr.write(`pssh-ts: in more than one of the documents, and counted by the worst: ${names}\n`);
  }
  let failed = false;
  const onError = (error: unknown): void => {
    failed = true;
    io.stderr.write(`pssh-ts: ${error instanceof Error ? error.message : String(error)}\n`);
  };
  const stdout = new Writer(io.stdout, onError);
  for (const sink of await sinksOf(merged, options, io, stdout)) {
    try {
      for (const event of eventsOf(merged)) await sink.event(event);
      await sink.end?.();
    } catch (error) {
      onError(error);
    }
  }
  await stdout.flush();
  return failed ? EXIT.failure : merged.summary.exitCode;
}

function readDocument(file: string): RunDocument {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw usageError(
      `${show(file)} can't be read: ${systemReason(cause)}; name what exec --json printed`,
      cause,
    );
  }
  return readRun(text, file);
}

async function sinksOf(
  { command, targets, results, startedAt }: MergedRun,
  { json, junit, report, quiet, color }: MergeOptions,
  io: Io,
  stdout: Writer,
): Promise<readonly Sink[]> {
  const traits = terminalTraits(io, color);
  const { maxOutput } = RUN_DEFAULTS;
  const limits = { timeoutMs: null, deadlineMs: null };
  const steps = results.reduce((most, { step }) => Math.max(most, step + 1), 1);
  const shared = { command: command ?? 'several commands', steps, limits, startedAt };
  const sinks: Sink[] = [];
  if (json === true)
    sinks.push(new JsonSink({ stdout, terminal: traits.terminal.stdout, startedAt, command }));
  if (junit !== undefined) {
    const { JunitSink } = await import('../sinks/junit.js');
    sinks.push(new JunitSink({ ...shared, file: junit, maxOutput }));
  }
  if (report !== undefined) {
    const { ReportSink } = await import('../sinks/report.js');
    sinks.push(new ReportSink({ ...shared, file: report, targets }));
  }
  const stderr = new Writer(io.stderr, () => undefined);
  sinks.push(
    new SummarySink({
      stderr,
      quiet: quiet === true,
      verbose: false,
      color: traits.color.stderr,
      limits,
      maxOutput,
    }),
  );
  return sinks;
}

/** What the views of the run would have been told. */
function* eventsOf({ results, summary }: MergedRun): Generator<RunEvent> {
  for (const result of results) {
    const { target, step, command, startedAt, durationMs } = result;
    const time = startedAt?.getTime() ?? 0;
    if (startedAt !== null) yield { type: 'started', time, target, step, command };
    for (const stream of ['stdout', 'stderr'] as const) {
      for (const data of result[stream].pieces())
        yield { type: 'output', time, target, step, stream, data, partial: data.at(-1) !== 0x0a };
    }
    yield { type: 'finished', time: time + durationMs, target, result };
  }
  yield { type: 'summary', time: 0, summary };
}
