import type { Command } from 'commander';
import { Option } from 'commander';
import { usageError } from '../../core/errors.js';
import { show } from '../../core/show.js';
import { fillPath } from '../../core/template.js';
import { planCommands } from '../../run/plan.js';
import { Digests } from '../../transfer/digest.js';
import { type LocalSource, readLocalSource } from '../../transfer/local-source.js';
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
      const digests = new Digests();
      const read = readOnce(transfer.recursive);
      const following = planCommands(targets, after, { env: {}, raw: false, count });
      return targets.map((target, place) => {
        const filled = values(target);
        const own = sources.map((source) => read(fillPath(source, filled)));
        refuseSameNames(own);
        const request = {
          ...({ kind: 'put', sources: own, options: transfer, digests } as const),
          dest: fillPath(dest, filled),
        };
        return [{ command: text, request }, ...(following[place]?.steps ?? [])];
      });
    },
  };
}

/** Each source is looked at once, however many hosts it goes to. */
function readOnce(recursive: boolean): (source: string) => LocalSource {
  const known = new Map<string, LocalSource>();
  return (source) => {
    const found = known.get(source) ?? readLocalSource(source, recursive);
    known.set(source, found);
    return found;
  };
}

function refuseSameNames(sources: readonly LocalSource[]): void {
  const names = new Map<string, string>();
  for (const { name, source } of sources) {
    const other = names.get(name);
    if (other !== undefined)
      throw usageError(
        `${show(other)} and ${show(source)} would have one name, ${show(name)}; put them one at a time`,
      );
    names.set(name, source);
  }
}
