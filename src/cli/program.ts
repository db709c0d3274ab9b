import { Command, CommanderError } from 'commander';
import { usageError } from '../core/errors.js';
import { EXIT } from '../core/exit-code.js';
import { show } from '../core/show.js';
import { type CommandContext, commandRequired } from './command-context.js';
import { completeTree, leaveForLater } from './command-tree.js';
import { addCheckCommand } from './commands/check.js';
import { addCompletionCommand } from './commands/completion.js';
import { addConfigCommand } from './commands/config.js';
import { addExecCommand } from './commands/exec.js';
import { addGetCommand } from './commands/get.js';
import { addHostsCommand } from './commands/hosts.js';
import { addJobsCommand } from './commands/jobs.js';
import { addMapCommand } from './commands/map.js';
import { addMastersCommand } from './commands/masters.js';
import { addPutCommand } from './commands/put.js';
import { addReportCommand } from './commands/report.js';
import { addRerunCommand } from './commands/rerun.js';
import { addRunsCommand } from './commands/runs.js';
import { addSyncCommand } from './commands/sync.js';
import { applyDefaults } from './defaults.js';
import type { Io } from './io.js';
import { addConnectionOptions, addGeneralOptions, addTargetOptions } from './shared-options.js';
import { readVersion } from './version.js';

type AddCommand = (program: Command, context: CommandContext) => Command | Command[];

const COMMANDS = new Map<string, AddCommand>([
  ['exec', addExecCommand],
  ['put', addPutCommand],
  ['get', addGetCommand],
  ['sync', addSyncCommand],
  ['map', addMapCommand],
  ['jobs', addJobsCommand],
  ['masters', addMastersCommand],
  ['hosts', addHostsCommand],
  ['check', addCheckCommand],
  ['runs', addRunsCommand],
  ['rerun', addRerunCommand],
  ['report', addReportCommand],
  ['config', addConfigCommand],
  ['completion', addCompletionCommand],
]);

/** The tree of commands. Options shared by all stand at the top and at each command, so they fit in both places. */
export function buildProgram(io: Io, argv: readonly string[], done: (code: number) => void): Command {
  const program = new Command('pssh-ts')
    .description("Run commands and move files on many machines at once, through the system's own OpenSSH.")
    .usage('[targets] [connection] COMMAND [options] [--] ARGS')
    .option('--version', 'print the version')
    .on('option:version', () => {
      io.stdout.write(`${readVersion()}\n`);
      throw new CommanderError(EXIT.ok, 'version', '');
    })
    .enablePositionalOptions();
  prepare(program, program, io, argv);
  addTargetOptions(program);
  addConnectionOptions(program);
  addGeneralOptions(program);
  const context: CommandContext = { io, done };
  const names = [...COMMANDS.keys()];
  const add = (name: string): void => {
    for (const command of [COMMANDS.get(name)?.(program, context) ?? []].flat())
      prepare(command, program, io, argv);
  };
  // A command that is run is named by one of the words.
  const named = new Set(names.filter((name) => argv.includes(name)));
  for (const name of named) add(name);
  leaveForLater(program, () => {
    for (const name of names) if (!named.has(name)) add(name);
    const place = (command: Command): number => names.indexOf(command.name());
    (program.commands as Command[]).sort((a, b) => place(a) - place(b));
  });
  program.hook('preAction', (_, command) => {
    // `config` shows the defaults by filling them in itself; a shell's start must not fail for a mistyped one.
    if (!['config', 'completion'].includes(command.name())) applyDefaults(program, command, io.env);
  });
  commandRequired(program);
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
      completeTree(program);
      command.outputHelp();
      throw new CommanderError(EXIT.ok, 'help', '');
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

const NO_SUDO =
  'sudo is for exec alone: send files as the login, then pssh-ts exec --sudo; a command of map begins with sudo -n';
const ELSEWHERE = new Map(
  ['--sudo', '--sudo-user', '--ask-sudo-pass', '--sudo-pass-file'].map((flag) => [flag, NO_SUDO] as const),
);

// commander writes `error: …` and its hint on a second line.
function oneLine(text: string, program: Command): string {
  const line = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  if (line === '') return '';
  completeTree(program);
  const flag = /^unknown option '(-[^']+)'/.exec(line)?.[1];
  const elsewhere = flag === undefined ? undefined : ELSEWHERE.get(flag);
  if (elsewhere !== undefined) return `pssh-ts: ${line}; ${elsewhere}\n`;
  const owner =
    flag === undefined
      ? undefined
      : program.commands.find(({ options }) =>
          options.some(({ short, long }) => short === flag || long === flag),
        );
  return `pssh-ts: ${line}${owner === undefined ? '' : `; it is an option of ${owner.name()}, write it after that word`}\n`;
}
