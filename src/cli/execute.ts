import { EXIT, exitCode, maxStatus } from '../core/exit-code.js';
import type { ConnectionOptions, RunOptions } from '../core/options.js';
import type { Again } from '../core/record.js';
import type { HostResult } from '../core/result.js';
import { openPool } from '../master/open-pool.js';
import type { PlannedHost } from '../run/plan.js';
import { runPlan } from '../run/runner.js';
import { SpillStore } from '../run/spill-store.js';
import { Spool } from '../run/spool.js';
import { Screen } from '../sinks/screen.js';
import { Writer } from '../sinks/writer.js';
import { chooseTransport } from '../transport/choose.js';
import type { ExecOptions } from './commands/exec.js';
import { Interrupts, RunningSink } from './interrupt.js';
import type { Io } from './io.js';
import { openKept } from './kept.js';
import { logFilter } from './log-reader.js';
import { giveUpOutput } from './output-limit.js';
import { readSecrets } from './secrets.js';
import { askEachBatch } from './step.js';
import type { ViewName } from './view-options.js';
import { views } from './views.js';

export interface Execution {
  /** The command of pssh-ts. */
  readonly name: string;
  readonly plan: readonly PlannedHost[];
  readonly connection: ConnectionOptions;
  readonly run: RunOptions;
  readonly commands: readonly string[];
  readonly view: ViewName;
  readonly options: ExecOptions;
  readonly io: Io;
  /** Hosts of the whole list, of which the plan's may be a part. */
  readonly count: number;
  /** What a rerun needs besides. */
  readonly again?: Again;
  /** Another secret to be asked for before anything is connected. */
  readonly askFirst?: () => Promise<string>;
  /** Told of each result. */
  readonly onResult?: (result: HostResult) => void;
}

/** Runs a plan with the views that the options ask for. @returns the exit code */
export async function execute(execution: Execution): Promise<number> {
  const { plan, connection, run, options, io } = execution;
  await readSecrets(connection);
  await execution.askFirst?.();
  // First: a file that can't be written is told before anything is run.
  const kept = await openKept(execution);
  const running = new RunningSink();
  const screen = io.stderr.isTTY === true ? new Screen(io.stderr) : null;
  const stderr = new Writer(io.stderr, () => undefined, screen, logFilter(execution, 'stderr'));
  const tell = (text: string): void => void stderr.writeLines(text);
  const interrupts = new Interrupts(io, () => running.list(), {
    tell,
    leave: (code) => {
      screen?.close();
      kept.record(code);
      io.exitNow(code);
    },
  });
  // The reader of our stdout went away (`| head`): nobody is left to run for. Other faults of it are our failure.
  const onOutputError = (error: Error): void => {
    const gone = (error as NodeJS.ErrnoException).code === 'EPIPE';
    interrupts.cancel(gone ? EXIT.pipe : EXIT.failure);
  };
  const onTerminal = io.stdout.isTTY === true ? screen : null;
  const stdout = new Writer(io.stdout, onOutputError, onTerminal, logFilter(execution, 'stdout'));
  const output = giveUpOutput(interrupts.signal, run, stdout, tell);
  const store = new SpillStore({
    onFailure: (error) => {
      // What a command wrote is lost: a result must not look as if it had said less.
      tell(`pssh-ts: output can't be kept in the temp folder: ${error.message}\n`);
      interrupts.cancel(EXIT.failure);
    },
  });
  const sinks = [running, output, ...views(execution, { stdout, stderr, screen, store }), ...kept.sinks];
  let spool: Spool | null = null;
  try {
    const pool = await openPool(
      connection,
      (note) => void (options.quiet ? undefined : tell(`pssh-ts: ${note}\n`)),
    );
    try {
      spool =
        options.stdin === true
          ? await Spool.open(io.stdin, (error) => {
              // A command that saw only a part of its input must not pass for one that saw all.
              tell(`pssh-ts: the input can't be read to its end: ${error.message}\n`);
              interrupts.cancel(EXIT.failure);
            })
          : null;
      const input = spool;
      const { summary, results } = await runPlan({
        plan,
        pool,
        transport: chooseTransport(connection),
        options: run,
        sinks,
        store,
        stdin: input === null ? null : () => input.reader(),
        signal: interrupts.signal,
        ...(options.step === true ? { beforeBatch: askEachBatch(io, tell, screen) } : {}),
        exitCodeOf: (ended) =>
          interrupts.exitCode ?? (options.maxStatus === true ? maxStatus(ended) : exitCode(ended)),
        onSinkError: (error) => {
          tell(`pssh-ts: ${error instanceof Error ? error.message : String(error)}\n`);
          interrupts.cancel(EXIT.failure);
        },
      });
      for (const result of results) execution.onResult?.(result);
      await stdout.flush();
      // What came after the summary, a reader that went away at the last line, still counts.
      const code = interrupts.exitCode ?? summary.exitCode;
      kept.record(code);
      return code;
    } finally {
      await spool?.close();
      await pool.close();
    }
  } finally {
    kept.discard();
    output.clear();
    interrupts.dispose();
    screen?.close();
    store.close();
    // What nobody reads would hold the process for as long as its reader lives.
    if (output.isGivenUp()) io.exitNow(interrupts.exitCode ?? EXIT.timeout);
  }
}
