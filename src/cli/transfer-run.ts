import type { Command } from 'commander';
import type { Target } from '../core/target.js';
import { nearMiss, type TemplateValues, targetValues } from '../core/template.js';
import type { PlannedHost, PlannedStep } from '../run/plan.js';
import type { CommandContext } from './command-context.js';
import { resolveRun } from './commands/exec.js';
import { refuseWithoutMaster, resolveConnection } from './connection-options.js';
import { configFileOf } from './defaults.js';
import { dryRun } from './dry-run.js';
import { checkKeptOptions } from './kept-options.js';
import { mergedOptions } from './shared-options.js';
import { resolveTargets } from './targets.js';
import type { TransferCliOptions } from './transfer-options.js';
import { chosenView } from './view-options.js';

export interface TransferPlan<T extends TransferCliOptions> {
  /** What it does, for people; templates as they were written. */
  readonly commands: readonly string[];
  /** The texts that hold templates. */
  readonly templates: readonly string[];
  /** What is done on each host. @throws PsshError ERR_USAGE */
  plan(
    targets: readonly Target[],
    values: (target: Target) => TemplateValues,
    options: T,
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
  const prepared = prepare(merged);
  const notes: string[] = [];
  const onNote = (note: string): void => void notes.push(note);
  const config = configFileOf(program, io.env, command);
  const targets = await resolveTargets({ options: merged, connection, config, io, onNote });
  const values = (target: Target): TemplateValues =>
    targetValues(target, targets.length, target.user ?? connection.user);
  const [first] = targets;
  for (const template of prepared.templates) {
    const slip = first === undefined ? null : nearMiss(template, Object.keys(values(first)));
    if (slip !== null) onNote(slip);
  }
  const steps = prepared.plan(targets, values, merged);
  const plan: PlannedHost[] = targets.map((target, place) => ({ target, steps: steps[place] ?? [] }));
  if (!merged.quiet) for (const note of notes) io.stderr.write(`pssh-ts: ${note}\n`);
  const { commands } = prepared;
  // Loaded when it is needed: what only prints or refuses starts quicker.
  const { execute } = await import('./execute.js');
  done(
    merged.dryRun === true
      ? dryRun(plan, connection, run, io)
      : await execute({ plan, connection, run, commands, view, options: merged, io }),
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
