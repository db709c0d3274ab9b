import type { Command } from 'commander';
import { usageError } from '../../core/errors.js';
import { EXIT } from '../../core/exit-code.js';
import { Template } from '../../core/map/replacement.js';
import type { Shard } from '../../core/shard.js';
import { show } from '../../core/show.js';
import type { Target } from '../../core/target.js';
import { Writer } from '../../sinks/writer.js';
import type { CommandContext } from '../command-context.js';
import { refuseWithoutMaster, resolveConnection } from '../connection-options.js';
import { configFileOf } from '../defaults.js';
import type { Io } from '../io.js';
import { type MapCliOptions, mapOptions, mapView, resolveMap } from '../map/map-options.js';
import { type MapWords, readMapWords } from '../map/map-words.js';
import { chosenShard } from '../shard.js';
import {
  addConnectionOptions,
  addGeneralOptions,
  addTargetOptions,
  mergedOptions,
} from '../shared-options.js';
import { resolveTargets } from '../targets.js';

export function addMapCommand(program: Command, { io, done }: CommandContext): Command {
  const command = program
    .command('map')
    .description(
      'Spread many tasks over the targets: CMD is run once for each value, by whichever host is free. Values stand behind :::, in the lines of files behind ::::, or in our input; several sources make every combination. In CMD {} is the value, {.} without its extension, {/} without its folder, {//} its folder, {/.} its bare name, {1} {2} of the first and second source, {#} the number of the task, {%} of the slot, {host} the host; without any of them the value is appended. Values are quoted.',
    )
    .usage('[targets] [connection] [options] [--] CMD [::: VALUES | :::: FILES]...')
    .argument('[words...]', 'the command and its values')
    .passThroughOptions();
  addTargetOptions(command);
  addConnectionOptions(command);
  for (const option of mapOptions()) command.addOption(option);
  addGeneralOptions(command);
  command.action(async (typed: readonly string[]) => {
    const merged = mergedOptions<MapCliOptions>(command);
    const connection = resolveConnection(merged, io.env);
    refuseWithoutMaster(connection, 'map');
    const view = mapView(merged);
    const run = resolveMap(merged, view, io.env);
    const words = readMapWords(typed, io, merged.null === true ? '\0' : '\n');
    checkTexts(words, [...run.puts, ...run.gets]);
    const takesInput = merged.host?.some(({ kind, value }) => kind === 'hostfile' && value === '-') === true;
    if (words.readsInput && takesInput)
      throw usageError(
        'the values and --hostfile - would both read our input; name a file of hosts or of values',
      );
    const shard = chosenShard(merged.shard, io.env);
    const notes: string[] = [];
    const config = configFileOf(program, io.env, command);
    const onNote = (note: string): void => void notes.push(note);
    const targets = await resolveTargets({ options: merged, connection, config, io, onNote });
    if (merged.quiet !== true) for (const note of notes) io.stderr.write(`pssh-ts: ${note}\n`);
    if (merged.dryRun === true) {
      done(await dryMap(words, shard, targets, io));
      return;
    }
    // Loaded when it is needed: what only prints or refuses starts quicker.
    const { executeMap } = await import('../map/execute-map.js');
    done(await executeMap({ targets, connection, run, words, view, shard, options: merged, io }));
  });
  return command;
}

/** @throws PsshError ERR_USAGE for a template that can't be filled, before anything is connected */
function checkTexts({ command, sources }: MapWords, paths: readonly string[]): void {
  const texts = [command, ...sources.flatMap((source) => (source.kind === 'list' ? source.values : []))];
  const broken = texts.find((text) => text.includes('\ufffd'));
  if (broken !== undefined)
    throw usageError(`${show(broken)} holds bytes that are no UTF-8; a command and its values are text`);
  const template = Template.command(command, sources.length);
  for (const source of sources) {
    if (source.kind !== 'list' || command.trim() === '') continue;
    for (const value of source.values)
      template.command({ seq: 1, values: sources.map(() => value), slot: 1, host: 'host' });
  }
  for (const text of paths) Template.path(text, sources.length);
}

/** Prints what would be run. */
async function dryMap(
  { command, sources }: MapWords,
  shard: Shard | null,
  targets: readonly Target[],
  io: Io,
): Promise<number> {
  const { taskBatches } = await import('../../run/map/task-source.js');
  const { shownCommand } = await import('../../run/map/run-map.js');
  const template = Template.command(command, sources.length);
  const stdout = new Writer(io.stdout, () => undefined);
  let count = 0;
  for await (const batch of taskBatches({ command, sources, shard })) {
    count += batch.length;
    const lines = batch.map((task) => shownCommand(task, template) ?? `# ${show(task.values.join(' '))}`);
    await stdout.write(`${lines.join('\n')}\n`);
  }
  const hosts = `${targets.length} host${targets.length === 1 ? '' : 's'}`;
  io.stderr.write(`pssh-ts: dry run: ${count} task${count === 1 ? '' : 's'} for ${hosts}; nothing was run\n`);
  return EXIT.ok;
}
