import path from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { usageError } from '../../core/errors.js';
import { show } from '../../core/show.js';
import { fillPath } from '../../core/template.js';
import { fileNames } from '../../sinks/file-name.js';
import type { CommandContext } from '../command-context.js';
import { addConnectionOptions, addTargetOptions, collect } from '../shared-options.js';
import { addTransferRunOptions, resolveRate, type TransferCliOptions } from '../transfer-options.js';
import { runTransferCommand, type TransferPlan } from '../transfer-run.js';

interface SyncOptions extends TransferCliOptions {
  readonly delete?: boolean;
  readonly rsync?: readonly string[];
}

export function addSyncCommand(program: Command, context: CommandContext): Command {
  const command = program
    .command('sync')
    .description(
      "Make DEST like SRC by the system's rsync; a colon before a path says that it is the hosts' (sync site :/srv/site).",
    )
    .usage('[targets] [connection] [options] [--] SRC DEST')
    .argument('<src>', 'what is copied; a folder with a slash behind it: what is in it')
    .argument('<dest>', 'where to; from the hosts: DEST/HOST here');
  addTargetOptions(command);
  addConnectionOptions(command);
  const options: readonly Option[] = [
    new Option('--delete', 'remove from DEST what SRC does not have'),
    new Option('--rsync <option>', 'an option more for rsync (--rsync=--exclude=*.o); repeatable').argParser(
      collect,
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup('Files:'));
  addTransferRunOptions(command);
  command.action((source: string, dest: string) =>
    runTransferCommand<SyncOptions>(program, command, context, (given) => prepareSync(source, dest, given)),
  );
  return command;
}

// Where the way there, or what is copied where, would be another than pssh-ts says.
const NOT_OURS =
  /^(-e|--rsh|--rsync-path|--daemon|--server|--config|--dry-run$|-n$|--remote-option|-M|--files-from|--protocol|--blocking-io|--protect-args|--secluded-args|--no-protect-args|-s$)/;

function prepareSync(source: string, dest: string, options: SyncOptions): TransferPlan<SyncOptions> {
  const ends = [source, dest].filter((word) => word.startsWith(':'));
  if (ends.length !== 1)
    throw usageError(
      `sync: ${ends.length === 0 ? 'neither' : 'each'} of ${show(source)} and ${show(dest)} is a path of the hosts; write a colon before one of them, as in :/srv/site`,
    );
  for (const option of options.rsync ?? []) {
    if (!option.startsWith('-'))
      throw usageError(`--rsync: ${show(option)} is no option; write --rsync=--exclude=NAME`);
    if (NOT_OURS.test(option)) throw usageError(`--rsync: ${show(option)} is not for sync; leave it out`);
  }
  const limitRate = resolveRate(options.limitRate);
  const direction = dest.startsWith(':') ? 'to-host' : 'from-host';
  const text = `sync ${source} ${dest}`;
  const bare = (word: string): string => word.replace(/^:/, '');
  return {
    commands: [text],
    templates: [source, dest],
    plan: (targets, values) => {
      const names = fileNames(targets);
      return targets.map((target, place) => {
        const filled = values(target);
        const to = fillPath(bare(dest), filled);
        const request = {
          kind: 'sync',
          direction,
          source: fillPath(bare(source), filled),
          // No two hosts' files in one folder.
          dest: direction === 'to-host' ? to : path.join(path.resolve(to), names[place] ?? ''),
          remove: options.delete === true,
          limitRate,
          extra: options.rsync ?? [],
        } as const;
        return [{ command: text, request }];
      });
    },
  };
}
