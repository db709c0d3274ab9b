import { CommanderError } from 'commander';
import { PsshError } from '../core/errors.js';
import { EXIT } from '../core/exit-code.js';
import type { Io } from './io.js';
import { buildProgram } from './program.js';

const BAD_INPUT: ReadonlySet<string> = new Set(['ERR_USAGE', 'ERR_INVENTORY']);

/** The whole command line: never throws, never exits. @returns the exit code */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  if (process.platform === 'win32') {
    io.stderr.write('pssh-ts: Windows OpenSSH has no ControlMaster; run pssh-ts inside WSL\n');
    return EXIT.failure;
  }
  let code: number = EXIT.ok;
  try {
    const program = buildProgram(io, argv, (result) => {
      code = result;
    });
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return report(error, io);
  }
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
