import path from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { usageError } from '../../core/errors.js';
import { fillPath } from '../../core/template.js';
import { planGet } from '../../run/plan-transfer.js';
import { fileNames } from '../../sinks/file-name.js';
import type { CommandContext } from '../command-context.js';
import { addTransferOptions, resolveTransfer, type TransferCliOptions } from '../transfer-options.js';
import { runTransferCommand, sourcesAndDest, type TransferPlan } from '../transfer-run.js';

interface GetOptions extends TransferCliOptions {
  readonly flat?: boolean;
  readonly ignoreMissing?: boolean;
}

export function addGetCommand(program: Command, context: CommandContext): Command {
  const command = program
    .command('get')
    .description(
      'Bring files of every target, to FOLDER/HOST/NAME: one PATH to the folder we are in, of several the last is the folder.',
    )
    .usage('[targets] [connection] [options] [--] PATH...')
    .argument(
      '<paths...>',
      "files of the hosts (patterns in quotes are the hosts' to expand), then a folder here",
    );
  addTransferOptions(command, [
    new Option('--flat', 'all into one folder, as NAME.HOST'),
    new Option('--ignore-missing', 'a host that does not have a file is no failure'),
  ]);
  command.action((paths: readonly string[]) =>
    runTransferCommand<GetOptions>(program, command, context, (options) => prepareGet(paths, options)),
  );
  return command;
}

function prepareGet(paths: readonly string[], options: GetOptions): TransferPlan<GetOptions> {
  const transfer = resolveTransfer(options);
  const { sources, dest } = sourcesAndDest(paths, '.');
  if (paths.includes('')) throw usageError('get: a path is empty; name a file of the hosts');
  const text = `get ${paths.join(' ')}`;
  return {
    commands: [text],
    templates: paths,
    plan: (targets, values) => {
      const names = fileNames(targets);
      const hosts = targets.map((target, place) => {
        const filled = values(target);
        const folder = path.resolve(fillPath(dest, filled));
        const name = names[place] ?? '';
        return {
          command: text,
          sources: sources.map((source) => fillPath(source, filled)),
          folder: options.flat === true ? folder : path.join(folder, name),
          suffix: options.flat === true ? `.${name}` : '',
        };
      });
      const ignoreMissing = options.ignoreMissing === true;
      return planGet(hosts, { options: transfer, ignoreMissing }).map((get) => [get]);
    },
  };
}
