import type { Command } from 'commander';
import type { Target } from '../core/target.js';
import type { TemplateValues } from '../core/template.js';
import type { PlannedHost, PlannedStep } from '../run/plan.js';
import type { CommandContext } from './command-context.js';
import { refuseWithoutMaster, resolveConnection } from './connection-options.js';
import { configFileOf } from './defaults.js';
import { dryRun } from './dry-run.js';
import { checkKeptOptions } from './kept-options.js';
import { checkRollingOptions, withHealth } from './rolling-options.js';
import { resolveRun } from './run-options.js';
import { chosenShard, ownTargets } from './shard.js';
import { mergedOptions } from './shared-options.js';
import { hostShares, shareNotes } from './split-options.js';
import { resolveTargets } from './targets.js';
import type { TransferCliOptions } from './transfer-options.js';
import { chosenView } from './view-options.js';

export interface TransferPlan<T extends TransferCliOptions> {
  /** What it does, for people; templates as they were written. */
  readonly commands: readonly string[];
  /** The texts that hold templates. */
  readonly templates: readonly string[];
  /**
   * What is done on each host.
   * @param count hosts of the whole list, of which these may be a part
   * @throws PsshError ERR_USAGE
   */
  plan(
    targets: readonly Target[],
    values: (target: Target) => TemplateValues,
    options: T,
    count: number,
  ): readonly (readonly PlannedStep[])[];
}

/** Plans and runs a transfer as exec runs a command. */
export async function runTransferCommand<T extends TransferCliOptions>(
  program: Command,
  command: Command,
  { io, done }: CommandContext,
  prepare: (options: T) => TransferPlan<T>,
): Promise<void> {
  const merged = mergedOptions<T>(command);
  const connection = resolveConnection(merged, io.env);
  refuseWithoutMaster(connection, command.name());
  const view = chosenView(merged);
  const run = resolveRun(merged, view, io);
  checkKeptOptions(merged);
  checkRollingOptions(merged, io);
  const prepared = prepare(merged);
  const notes: string[] = [];
  const onNote = (note: string): void => void notes.push(note);
  const config = configFileOf(program, io.env, command);
  const targets = await resolveTargets({ options: merged, connection, config, io, onNote });
  const count = targets.length;
  const shares = hostShares(targets, merged, connection, count);
  for (const note of shareNotes(shares, prepared.templates, merged)) onNote(note);
  const chosen = new Set(ownTargets(targets, chosenShard(merged.shard, io.env), onNote));
  const own = shares.filter(({ target }) => chosen.has(target));
  const busy = own.filter(({ skipped }) => skipped === undefined).map(({ target }) => target);
  const valuesOf = new Map(own.map(({ target, values }) => [target, values]));
  const steps = prepared.plan(busy, (target) => valuesOf.get(target) ?? {}, merged, count);
  const stepsOf = new Map(busy.map((target, place) => [target, steps[place] ?? []]));
  const { commands } = prepared;
  const idle = commands.map((command) => ({ command, text: '' }));
  const planned = own.map(({ target, skipped }): PlannedHost => {
    const host = { target, steps: stepsOf.get(target) ?? idle };
    return skipped === undefined ? host : { ...host, skipped };
  });
  const plan = withHealth(planned, merged, { env: {}, raw: false, count });
  if (!merged.quiet) for (const note of notes) io.stderr.write(`pssh-ts: ${note}\n`);
  if (merged.dryRun === true) return done(dryRun(plan, connection, run, io));
  // Loaded when it is needed: what only prints or refuses starts quicker.
  const { execute } = await import('./execute.js');
  const name = command.name();
  done(
    await execute({
      name,
      plan,
      connection,
      run,
      commands,
      view,
      options: merged,
      io,
      count,
    }),
  );
}

/** Of several paths the last is where the others go. */
export function sourcesAndDest(
  paths: readonly string[],
  home: string,
): { readonly sources: readonly string[]; readonly dest: string } {
  if (paths.length < 2) return { sources: paths, dest: home };
  return { sources: paths.slice(0, -1), dest: paths.at(-1) ?? home };
}
