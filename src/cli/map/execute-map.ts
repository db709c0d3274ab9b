import type { Sink } from '../../core/events.js';
import { EXIT } from '../../core/exit-code.js';
import type { KnownTasks } from '../../core/map/joblog.js';
import type { MapEvent } from '../../core/map/task.js';
import type { ConnectionOptions } from '../../core/options.js';
import type { Shard } from '../../core/shard.js';
import type { Target } from '../../core/target.js';
import { openPool } from '../../master/open-pool.js';
import type { MapOptions } from '../../run/map/options.js';
import { runMap } from '../../run/map/run-map.js';
import { taskBatches } from '../../run/map/task-source.js';
import { SpillStore } from '../../run/spill-store.js';
import { JoblogSink, readJoblog } from '../../sinks/map/joblog.js';
import { ResultsSink } from '../../sinks/map/results.js';
import { Screen } from '../../sinks/screen.js';
import { Writer } from '../../sinks/writer.js';
import { chooseTransport } from '../../transport/choose.js';
import { Interrupts } from '../interrupt.js';
import type { Io } from '../io.js';
import { logFilter } from '../log-reader.js';
import { giveUpOutput } from '../output-limit.js';
import type { MapCliOptions, MapView } from './map-options.js';
import { mapViews } from './map-views.js';
import type { MapWords } from './map-words.js';

export interface MapExecution {
  readonly targets: readonly Target[];
  readonly connection: ConnectionOptions;
  readonly run: MapOptions;
  readonly words: MapWords;
  readonly view: MapView;
  /** Of the tasks only this share; null: all. */
  readonly shard: Shard | null;
  readonly options: MapCliOptions;
  readonly io: Io;
}

/** Runs the tasks with the views that the options ask for. @returns the exit code */
export async function executeMap(execution: MapExecution): Promise<number> {
  const { targets, connection, run, words, options, io, view } = execution;
  // First: a file that can't be written is told before anything is run.
  const known = knownTasks(options);
  const records = keptRecords(options, known !== null);
  const running = new RunningTasks();
  const screen = io.stderr.isTTY === true ? new Screen(io.stderr) : null;
  const stderr = new Writer(io.stderr, () => undefined, screen, logFilter({ io, options, view }, 'stderr'));
  const tell = (text: string): void => void stderr.writeLines(text);
  const interrupts = new Interrupts(io, () => running.list(), {
    tell,
    leave: (code) => {
      screen?.close();
      io.exitNow(code);
    },
  });
  const onOutputError = (error: Error): void => {
    const gone = (error as NodeJS.ErrnoException).code === 'EPIPE';
    interrupts.cancel(gone ? EXIT.pipe : EXIT.failure);
  };
  const onTerminal = io.stdout.isTTY === true ? screen : null;
  const stdout = new Writer(io.stdout, onOutputError, onTerminal, logFilter({ io, options, view }, 'stdout'));
  const output = giveUpOutput(interrupts.signal, run, stdout, tell);
  const fail = (text: string): void => {
    tell(`pssh-ts: ${text}\n`);
    interrupts.cancel(EXIT.failure);
  };
  const store = new SpillStore({
    onFailure: ({ message }) => fail(`output can't be kept in the temp folder: ${message}`),
  });
  let knownCount = 0;
  let over = false;
  let faulty = false;
  try {
    const pool = await openPool(
      connection,
      (note) => void (options.quiet === true ? undefined : tell(`pssh-ts: ${note}\n`)),
    );
    try {
      const summary = await runMap({
        ...{ targets, command: words.command, values: words.sources.length, ends: !words.readsInput },
        batches: taskBatches({
          ...{ command: words.command, sources: words.sources, shard: execution.shard },
          ...(known === null ? {} : { known: { tasks: known, failedToo: options.resumeFailed !== true } }),
          onKnown: () => {
            knownCount += 1;
          },
        }),
        ...{ pool, transport: chooseTransport(connection), options: run, store, signal: interrupts.signal },
        records: [...records, running, ...mapViews(execution, 'records', { stdout, stderr, screen })],
        views: [output, ...mapViews(execution, 'views', { stdout, stderr, screen })],
        known: () => knownCount,
        exitCodeOf: (code) => interrupts.exitCode ?? (faulty ? EXIT.failure : code),
        onSinkError: (error) => fail(error instanceof Error ? error.message : String(error)),
        onInputFault: (error) => {
          // What was given up by us is no fault of the input.
          if (over || interrupts.signal.aborted) return;
          faulty = true;
          tell(`pssh-ts: ${error instanceof Error ? error.message : String(error)}\n`);
        },
      });
      over = true;
      await stdout.flush();
      return interrupts.exitCode ?? summary.exitCode;
    } finally {
      over = true;
      if (words.readsInput) io.stdin.destroy();
      await pool.close();
    }
  } finally {
    output.clear();
    interrupts.dispose();
    screen?.close();
    store.close();
    if (output.isGivenUp()) io.exitNow(interrupts.exitCode ?? EXIT.timeout);
  }
}

function keptRecords({ results, joblog }: MapCliOptions, resumes: boolean): readonly Sink<MapEvent>[] {
  const folder = results === undefined ? null : ResultsSink.open(results);
  const log = joblog === undefined ? null : JoblogSink.open(joblog, resumes);
  if (folder === null || log === null) return [folder, log].filter((sink) => sink !== null);
  // One after the other: of what the log has the results are whole.
  return [{ event: (event) => folder.event(event).then(() => log.event(event)), end: () => log.end() }];
}

function knownTasks({ joblog, resume, resumeFailed }: MapCliOptions): KnownTasks | null {
  return joblog !== undefined && (resume === true || resumeFailed === true) ? readJoblog(joblog) : null;
}

/** Keeps the names of the hosts that run tasks. */
class RunningTasks implements Sink<MapEvent> {
  private readonly counts = new Map<string, number>();

  event(event: MapEvent): void {
    if (event.type === 'started') this.add(event.target.label, 1);
    else if ((event.type === 'finished' && event.result.tries > 0) || event.type === 'again')
      this.add(event.result.target?.label ?? '', -1);
  }

  list(): readonly string[] {
    return [...this.counts.keys()];
  }

  private add(label: string, by: number): void {
    const count = (this.counts.get(label) ?? 0) + by;
    if (count > 0) this.counts.set(label, count);
    else this.counts.delete(label);
  }
}
