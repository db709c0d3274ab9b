import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';
import { addExecCommand } from './commands/exec.js';
import { addMastersCommand } from './commands/masters.js';
import type { Io } from './io.js';
import { addConnectionOptions, addGeneralOptions, addTargetOptions } from './shared-options.js';

/** What a command is given, and how it tells the exit code. */
export interface CommandContext {
  readonly io: Io;
  readonly done: (code: number) => void;
}

/** The tree of commands. Options shared by all stand at the top and at each command, so they fit in both places. */
export function buildProgram(io: Io, argv: readonly string[], done: (code: number) => void): Command {
  const program = new Command('pssh-ts')
    .description("Run commands on many machines at once, through the system's own OpenSSH.")
    .usage('[targets] [connection] COMMAND [options] [--] ARGS')
    .version(readVersion(), '--version', 'print the version')
    .enablePositionalOptions();
  prepare(program, program, io, argv);
  addTargetOptions(program);
  addConnectionOptions(program);
  addGeneralOptions(program);
  const context: CommandContext = { io, done };
  for (const command of [addExecCommand(program, context), ...addMastersCommand(program, context)]) {
    prepare(command, program, io, argv);
  }
  // Not before: the commands would take words they have no use for. Here the word is what the error names.
  program.allowExcessArguments().action(() => {
    const [word] = program.args;
    const fault = word === undefined ? 'no command given' : `${show(word)} is no command`;
    throw usageError(`${fault}; one of: exec, masters (pssh-ts --help has them all)`);
  });
  return program;
}

function prepare(command: Command, program: Command, io: Io, argv: readonly string[]): void {
  command
    .exitOverride()
    .helpCommand(false)
    .helpOption(false)
    .option('-h, --help', 'print this help')
    .configureHelp({ helpWidth: Math.min(io.stdout.columns ?? 100, 120), showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(oneLine(text, program)),
    })
    .on('option:help', () => {
      refuseHostsAfterHelp(argv);
      command.outputHelp();
      // command.error() takes an exit code of 0 for none given, and makes it 1.
      throw new CommanderError(0, 'commander.help', '');
    });
}

// pssh reads `-h FILE` as its hosts file; printing help for that would leave a pipeline green with nothing done.
function refuseHostsAfterHelp(argv: readonly string[]): void {
  const at = argv.findIndex((word) => /^-[vqNSI]*h/.test(word));
  const rest = /^-[vqNSI]*h(.*)$/s.exec(argv[at] ?? '')?.[1];
  if (rest === undefined) return;
  const glued = !/^[vqNSIh]*$/.test(rest);
  const file = glued ? rest : argv[at + 1];
  if (file === undefined || (!glued && file.startsWith('-'))) return;
  const shown = /^[\w./-]+$/.test(file) ? file : show(file);
  throw usageError(
    `-h is help and takes no words; for a hosts file write --hostfile ${shown}, for help --help`,
  );
}

// commander writes `error: …` and its hint on a second line.
function oneLine(text: string, program: Command): string {
  const line = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  if (line === '') return '';
  const flag = /^unknown option '(-[^']+)'/.exec(line)?.[1];
  const owner =
    flag === undefined
      ? undefined
      : program.commands.find((command) =>
          command.options.some((option) => option.short === flag || option.long === flag),
        );
  return `pssh-ts: ${line}${owner === undefined ? '' : `; it is an option of ${owner.name()}, write it after that word`}\n`;
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
