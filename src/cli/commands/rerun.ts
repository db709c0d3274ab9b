import { type Command, Option } from 'commander';
import { usageError } from '../../core/errors.js';
import { EXIT } from '../../core/exit-code.js';
import { nearest } from '../../core/nearest.js';
import { show } from '../../core/show.js';
import type { CommandContext } from '../command-context.js';
import { addRunningOptions } from '../exec-options.js';
import { runExec } from '../exec-run.js';
import { addConnectionOptions, mergedOptions } from '../shared-options.js';
import type { ExecOptions } from './exec.js';

/** `rerun failed|unreachable|all`. */
export function addRerunCommand(program: Command, { io, done }: CommandContext): Command {
  const command = program
    .command('rerun')
    .description(
      'An earlier run of exec once more, on those of its hosts that need it, as it was; options go over its own.',
    )
    .usage('[failed|unreachable|all] [--from RUN] [options]')
    .argument(
      '[which]',
      'failed: all that were not ok, those not begun too; unreachable: where ssh did not get to; all',
      'failed',
    )
    .addOption(
      new Option('--from <run>', 'an id, the beginning of one, or last (see pssh-ts runs list)').default(
        'last',
      ),
    );
  addConnectionOptions(command);
  addRunningOptions(command);
  command.action(async (word: string) => {
    const { findRecord, readRecord, recordFolder } = await import('../record-store.js');
    const { hostsToRerun, recordedSource, rerunOptions, WHICH } = await import('../recorded-run.js');
    const which = WHICH.find((one) => one === word);
    if (which === undefined) {
      const near = nearest(word, WHICH)[0];
      const mend = near === undefined ? `write one of ${WHICH.join(', ')}` : `did you mean ${near}?`;
      throw usageError(`rerun: ${show(word)} says no hosts; ${mend}`);
    }
    const { from, ...merged } = mergedOptions<ExecOptions & { readonly from?: string }>(command);
    if (merged.host !== undefined || merged.all !== undefined)
      throw usageError('rerun takes its hosts from the record; leave -H and the other targets out');
    const folder = recordFolder(io.env);
    const record = readRecord(folder, findRecord(folder, from ?? 'last'));
    const { said, defaults } = bySource(merged, [command, program]);
    const options = rerunOptions(record, defaults, said, io.env);
    const source = recordedSource(record, options);
    const targets = hostsToRerun(record, which);
    if (options.stdin === true && io.stdin.isTTY === true)
      throw usageError(`run ${record.id} read its input (-I), which is not kept; write rerun … < FILE`);
    if (options.quiet !== true) {
      const what = `${targets.length} of ${record.hosts.length} hosts of run ${record.id}`;
      io.stderr.write(`pssh-ts: ${targets.length === 0 ? 'nothing to do: ' : ''}${what}\n`);
    }
    if (targets.length === 0) return done(EXIT.ok);
    const count = record.count ?? record.hosts.length;
    done(await runExec({ options, source, io, count, targets: async () => targets }));
  });
  return command;
}

/** What was said on the command line, and what config file and environment say. */
function bySource(
  merged: ExecOptions,
  chain: readonly Command[],
): { readonly said: Partial<ExecOptions>; readonly defaults: Partial<ExecOptions> } {
  const isSaid = (name: string): boolean =>
    chain.some((command) => command.getOptionValueSource(name) === 'cli');
  const entries = Object.entries(merged);
  return {
    said: Object.fromEntries(entries.filter(([name]) => isSaid(name))),
    defaults: Object.fromEntries(entries.filter(([name]) => !isSaid(name))),
  };
}
