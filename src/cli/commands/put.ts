import type { Command } from 'commander';
import { Option } from 'commander';
import { usageError } from '../../core/errors.js';
import { fillPath } from '../../core/template.js';
import { planCommands } from '../../run/plan.js';
import { planPut } from '../../run/plan-transfer.js';
import type { CommandContext } from '../command-context.js';
import { addTransferOptions, resolveTransfer, type TransferCliOptions } from '../transfer-options.js';
import { runTransferCommand, sourcesAndDest, type TransferPlan } from '../transfer-run.js';

interface PutOptions extends TransferCliOptions {
  readonly exec?: string;
}

export function addPutCommand(program: Command, context: CommandContext): Command {
  const command = program
    .command('put')
    .description(
      'Send files to every target: one PATH to the home of the login, of several the last is where the others go.',
    )
    .usage('[targets] [connection] [options] [--] PATH...')
    .argument('<paths...>', 'files here, then the place on the hosts; both may hold {host} and the like');
  addTransferOptions(command, [
    new Option('--exec <command>', 'run this on each host once its files are there'),
  ]);
  command.action((paths: readonly string[]) =>
    runTransferCommand<PutOptions>(program, command, context, (options) => preparePut(paths, options)),
  );
  return command;
}

function preparePut(paths: readonly string[], options: PutOptions): TransferPlan<PutOptions> {
  const transfer = resolveTransfer(options);
  const { sources, dest } = sourcesAndDest(paths, '.');
  if (paths.includes('')) throw usageError('put: a path is empty; name a file');
  const text = `put ${paths.join(' ')}`;
  if (options.exec?.trim() === '')
    throw usageError('--exec: the command is empty; write it behind the option');
  const after = options.exec === undefined ? [] : [options.exec];
  return {
    commands: [text, ...after],
    templates: paths,
    plan: (targets, values, _, count) => {
      const following = planCommands(targets, after, { env: {}, raw: false, count });
      const hosts = targets.map((target) => {
        const filled = values(target);
        return {
          command: text,
          sources: sources.map((source) => fillPath(source, filled)),
          dest: fillPath(dest, filled),
        };
      });
      return planPut(hosts, transfer).map((put, place) => [put, ...(following[place]?.steps ?? [])]);
    },
  };
}
