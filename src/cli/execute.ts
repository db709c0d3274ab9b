import { EXIT, exitCode, maxStatus } from '../core/exit-code.js';
import type { ConnectionOptions, RunOptions } from '../core/options.js';
import { openPool } from '../master/open-pool.js';
import type { PlannedHost } from '../run/plan.js';
import { runPlan } from '../run/runner.js';
import { Spool } from '../run/spool.js';
import { Writer } from '../sinks/writer.js';
import { chooseTransport } from '../transport/choose.js';
import type { ExecOptions } from './commands/exec.js';
import { Interrupts, RunningSink } from './interrupt.js';
import type { Io } from './io.js';
import { views } from './views.js';

export interface Execution {
  readonly plan: readonly PlannedHost[];
  readonly connection: ConnectionOptions;
  readonly run: RunOptions;
  readonly commands: readonly string[];
  readonly options: ExecOptions;
  readonly io: Io;
}

/** Runs a plan with the views that the options ask for. @returns the exit code */
export async function execute({ plan, connection, run, commands, options, io }: Execution): Promise<number> {
  const running = new RunningSink();
  const interrupts = new Interrupts(io, () => running.list());
  // The reader of our stdout went away (`| head`): nobody is left to run for. Other faults of it are our failure.
  const stdout = new Writer(io.stdout, (error) => {
    const gone = (error as NodeJS.ErrnoException).code === 'EPIPE';
    interrupts.cancel(gone ? EXIT.pipe : EXIT.failure);
  });
  const stderr = new Writer(io.stderr, () => undefined);
  const output = giveUpOutput(interrupts.signal, run, stdout, io);
  const sinks = [running, ...views({ plan, connection, run, commands, options, io }, stdout, stderr)];
  let spool: Spool | null = null;
  try {
    const pool = await openPool(
      connection,
      (note) => void (options.quiet ? undefined : stderr.write(`pssh-ts: ${note}\n`)),
    );
    try {
      spool =
        options.stdin === true
          ? await Spool.open(io.stdin, (error) => {
              // A command that saw only a part of its input must not pass for one that saw all.
              io.stderr.write(`pssh-ts: the input can't be read to its end: ${error.message}\n`);
              interrupts.cancel(EXIT.failure);
            })
          : null;
      const input = spool;
      const { summary } = await runPlan({
        plan,
        pool,
        transport: chooseTransport(connection),
        options: run,
        sinks,
        stdin: input === null ? null : () => input.reader(),
        signal: interrupts.signal,
        exitCodeOf: (ended) =>
          interrupts.exitCode ?? (options.maxStatus === true ? maxStatus(ended) : exitCode(ended)),
        onSinkError: (error) => {
          io.stderr.write(`pssh-ts: ${error instanceof Error ? error.message : String(error)}\n`);
          interrupts.cancel(EXIT.failure);
        },
      });
      await stdout.flush();
      // What came after the summary, a reader that went away at the last line, still counts.
      return interrupts.exitCode ?? summary.exitCode;
    } finally {
      await spool?.close();
      await pool.close();
    }
  } finally {
    output.clear();
    interrupts.dispose();
    // What nobody reads would hold the process for as long as its reader lives.
    if (output.isGivenUp()) io.exitNow(interrupts.exitCode ?? EXIT.failure);
  }
}

/** After a cancel a reader that does not read is waited for no longer than the remotes are. */
function giveUpOutput(
  signal: AbortSignal,
  run: RunOptions,
  stdout: Writer,
  io: Io,
): { readonly clear: () => void; readonly isGivenUp: () => boolean } {
  let timer: NodeJS.Timeout | undefined;
  let givenUp = false;
  const start = (): void => {
    timer = setTimeout(() => {
      givenUp = stdout.abandon();
      if (givenUp)
        io.stderr.write('pssh-ts: the reader of the output does not read; the rest of it is dropped\n');
    }, run.killGraceMs + run.drainMs);
  };
  signal.addEventListener('abort', start, { once: true });
  return {
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', start);
    },
    isGivenUp: () => givenUp,
  };
}
