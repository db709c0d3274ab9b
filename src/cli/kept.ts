import { randomBytes } from 'node:crypto';
import type { Sink } from '../core/events.js';
import { recordId } from '../core/record.js';
import { systemReason } from '../sinks/file-fault.js';
import { RecordSink } from '../sinks/record.js';
import { nowMs } from '../ssh/now.js';
import type { Execution } from './execute.js';
import { folderMode } from './kept-options.js';
import { recordFolder, writeRecord } from './record-store.js';
import { recordedEnv, recordedOptions } from './recorded-options.js';
import { stepsOf } from './views.js';

/** What is kept of a run, made ready before it starts. */
export interface Kept {
  readonly sinks: readonly Sink[];
  /** Leaves the record of the run. Never fails. */
  record(exitCode: number): void;
  /** Takes away what was not completed. */
  discard(): void;
}

type KeptSink = Sink & { discard(): void };

/** @throws PsshError ERR_USAGE where a file or folder can't be written; then nothing is left of the others */
export async function openKept(execution: Execution): Promise<Kept> {
  const opened: KeptSink[] = [];
  try {
    for (const open of openers(execution)) opened.push(await open());
  } catch (error) {
    for (const sink of opened) sink.discard();
    throw error;
  }
  const recorder = execution.options.record === false ? null : openRecord(execution);
  return {
    sinks: [...opened, ...(recorder === null ? [] : [recorder.sink])],
    record: (exitCode) => recorder?.write(exitCode),
    discard: () => {
      for (const sink of opened) sink.discard();
    },
  };
}

/** Each loaded when it is asked for. Folders come last: they are made as they are opened. */
function openers(execution: Execution): readonly (() => Promise<KeptSink>)[] {
  const { plan, run, commands, options } = execution;
  const startedAt = new Date();
  const targets = plan.map(({ target }) => target);
  const { junit, report } = options;
  const { maxOutput } = run;
  const shared = { command: commands.join('; '), steps: stepsOf(execution), limits: run, startedAt };
  const found: (() => Promise<KeptSink>)[] = [];
  if (junit !== undefined)
    found.push(async () => {
      const { JunitSink } = await import('../sinks/junit.js');
      return new JunitSink({ ...shared, file: junit, maxOutput });
    });
  if (report !== undefined)
    found.push(async () => {
      const { ReportSink } = await import('../sinks/report.js');
      return new ReportSink({ ...shared, file: report, targets });
    });
  for (const [option, stream, folder] of [
    ['--outdir', 'stdout', options.outdir],
    ['--errdir', 'stderr', options.errdir],
  ] as const) {
    if (folder === undefined) continue;
    found.push(async () => {
      const { FilesSink } = await import('../sinks/files.js');
      return new FilesSink({ option, folder, mode: folderMode(options), stream, targets });
    });
  }
  return found;
}

function openRecord({ name, plan, commands, options, io, count, again }: Execution): {
  readonly sink: RecordSink;
  readonly write: (exitCode: number) => void;
} {
  const startedAt = new Date();
  // Monotonic, as nowMs() is, which takes Node milliseconds to load.
  const started = process.uptime();
  const sink = new RecordSink({
    id: recordId(startedAt, randomBytes(2).toString('hex')),
    command: name,
    commands,
    count,
    ...(again === undefined ? {} : { again }),
    cwd: process.cwd(),
    env: recordedEnv(options),
    options: recordedOptions(options),
    startedAt,
    targets: plan.map(({ target }) => target),
    output: options.recordOutput === true,
  });
  return {
    sink,
    write: (exitCode) => {
      const folder = recordFolder(io.env);
      try {
        writeRecord(folder, sink.record(Math.round(nowMs() - started), exitCode), io.env);
      } catch (error) {
        // Nobody asked for it: its lack is no failure.
        if ((options.verbose ?? 0) > 0)
          io.stderr.write(`pssh-ts: no record of this run in ${folder}: ${systemReason(error)}\n`);
      }
    },
  };
}
