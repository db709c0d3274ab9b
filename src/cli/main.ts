import { CommanderError } from 'commander';
import { PsshError } from '../core/errors.js';
import { EXIT } from '../core/exit-code.js';
import type { Io } from './io.js';
import { buildProgram } from './program.js';

const BAD_INPUT: ReadonlySet<string> = new Set(['ERR_USAGE', 'ERR_INVENTORY']);

// Stands in the completion scripts; no command of the tree, which is for people.
const ASKED_BY_A_SHELL = '__complete';

/** The whole command line: never throws, never exits. @returns the exit code */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  if (process.platform === 'win32') {
    io.stderr.write('pssh-ts: Windows OpenSSH has no ControlMaster; run pssh-ts inside WSL\n');
    return EXIT.failure;
  }
  let code: number = EXIT.ok;
  let broken: number | null = null;
  // The reader went away (`| head`) or the disk is full; a run that is going on ends itself.
  const onStdoutError = (error: NodeJS.ErrnoException): void => {
    const gone = error.code === 'EPIPE';
    if (!gone && broken === null) io.stderr.write(`pssh-ts: stdout: ${error.message}\n`);
    broken ??= gone ? EXIT.pipe : EXIT.failure;
  };
  const onStderrError = (): void => undefined;
  io.stdout.on('error', onStdoutError);
  io.stderr.on('error', onStderrError);
  try {
    if (argv[0] === ASKED_BY_A_SHELL) {
      // Loaded when it is needed: no run needs it.
      const { answer } = await import('./completion/answer.js');
      await answer(argv.slice(1), io);
      await flushed(io.stdout);
      return EXIT.ok;
    }
    const program = buildProgram(io, argv, (result) => {
      code = result;
    });
    await program.parseAsync(argv, { from: 'user' });
    await flushed(io.stdout);
    return code === EXIT.ok ? (broken ?? code) : code;
  } catch (error) {
    const failed = report(error, io);
    await flushed(io.stdout);
    return failed === EXIT.ok ? (broken ?? failed) : failed;
  } finally {
    io.stderr.off('error', onStderrError);
    io.stdout.off('error', onStdoutError);
  }
}

/** Until what was written is out of our hands, or can't get there. */
function flushed(stream: Io['stdout']): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write('', () => setImmediate(resolve));
  });
}

/** One line for people; bad input is told from our own failure. */
function report(error: unknown, io: Io): number {
  // Help and version have been printed by then; commander's own complaints too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof PsshError) {
    const where = error.target === undefined ? '' : `${error.target}: `;
    io.stderr.write(`pssh-ts: ${where}${error.message}\n`);
    return BAD_INPUT.has(error.code) ? EXIT.usage : EXIT.failure;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`pssh-ts: this is a fault of pssh-ts itself: ${message}\n`);
  return EXIT.failure;
}
