import { type Command, Option } from 'commander';
import { detachOption } from './detach-options.js';
import { addKeptOptions } from './kept-options.js';
import { addRollingOptions } from './rolling-options.js';
import { addGeneralOptions, collect } from './shared-options.js';
import { splitOptions } from './split-options.js';
import { sudoOptions } from './sudo-options.js';
import { viewOptions } from './view-options.js';

/** What is run. */
export function addCommandOptions(command: Command): void {
  const options: readonly Option[] = [
    new Option('-c, --command <command>', 'a command; repeatable: one after another on each host').argParser(
      collect,
    ),
    new Option('--script <file>', 'send this file and run it there by its #! line; words are its arguments'),
    new Option('--argv', 'each word stays one word of the remote command'),
    new Option('--raw', 'send the words alone, without PSSH_* variables'),
    new Option(
      '--template',
      'a command of its own for each host: {host}, {user}, {port}, {index}, {count} and inventory names, quoted; {=name} is raw',
    ),
    ...splitOptions(),
  ];
  for (const option of options) command.addOption(option.helpGroup('Command:'));
}

/** How it is run, shown and kept. */
export function addRunningOptions(command: Command): void {
  const options: readonly Option[] = [
    new Option('--env <name=value>', 'set a variable; NAME alone takes our value; repeatable').argParser(
      collect,
    ),
    new Option('--cwd <path>', 'run in this folder of the host'),
    new Option('-u, --timeout <duration>', 'time for one command (default none)'),
    new Option('--deadline <duration>', 'time for the whole run (default none)'),
    new Option('--kill-grace <duration>', 'between TERM and KILL when a command is given up (default 5s)'),
    new Option(
      '--on-disconnect <kill|leave>',
      'running commands when pssh-ts dies or the connection is lost (default kill)',
    ),
    new Option('--drain <duration>', 'how long output is awaited after a command has exited (default 5s)'),
    new Option('-I, --stdin', 'our input to every host; without it a command reads nothing'),
    ...sudoOptions(),
    new Option('--tty', 'a terminal on the host for each command, as ssh -tt; stderr comes as stdout'),
    new Option(
      '--fetch <remote:local>',
      'after the command bring this file of each host to LOCAL/HOST, as get -r does; repeatable',
    ).argParser(collect),
    detachOption(),
    new Option('--keep-commands', "after a failing -c the host's next ones still run"),
    new Option('-S, --max-status', 'exit with the largest remote status'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Running:'));
  addRollingOptions(command);
  for (const option of viewOptions()) command.addOption(option.helpGroup('Output:'));
  addKeptOptions(command);
  addGeneralOptions(command);
}
