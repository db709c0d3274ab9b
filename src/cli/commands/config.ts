import { type Command, Option } from 'commander';
import { EXIT } from '../../core/exit-code.js';
import type { CommandContext } from '../command-context.js';
import { completeTree } from '../command-tree.js';
import { applyDefaults, configFileOf } from '../defaults.js';
import { addConnectionOptions, addGeneralOptions, addTargetOptions } from '../shared-options.js';

/** `config`: what is in force, and where from. */
export function addConfigCommand(program: Command, { io, done }: CommandContext): Command {
  const command = program
    .command('config')
    .description('Print the options, groups and inventory that are in force, and where each comes from.')
    .usage('[options]')
    .addOption(new Option('--json', 'as JSON').helpGroup('Output:'));
  addTargetOptions(command);
  addConnectionOptions(command);
  addGeneralOptions(command);
  command.action(() => {
    completeTree(program);
    const file = configFileOf(program, io.env, command);
    const others = program.commands.filter((other) => other !== command);
    const settings = new Map(
      [command, ...others]
        .flatMap((one) => applyDefaults(program, one, io.env))
        .map((setting) => [setting.name, setting]),
    );
    const list = [...settings.values()].filter(({ source }) => source !== '--json');
    const groups = [...file.groups].map(([name, { values, where }]) => ({
      name,
      hosts: values.join(','),
      source: where,
    }));
    if (command.opts().json === true) {
      io.stdout.write(
        `${JSON.stringify({ schema: 'pssh-ts/config@1', file: file.path, options: list, inventory: file.inventory, groups })}\n`,
      );
    } else {
      io.stdout.write(`config file: ${file.path ?? 'none'}\n`);
      for (const { name, values, source } of list)
        io.stdout.write(`${name} = ${values.join(', ')}  (${source})\n`);
      for (const path of file.inventory) io.stdout.write(`inventory = ${path}  (${file.path})\n`);
      for (const { name, hosts, source } of groups) io.stdout.write(`@${name} = ${hosts}  (${source})\n`);
    }
    done(EXIT.ok);
  });
  return command;
}
