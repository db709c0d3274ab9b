import { type Command, Option } from 'commander';
import { type CommandContext, commandRequired } from '../command-context.js';
import type { MergeOptions } from '../merge-reports.js';
import { mergedOptions } from '../shared-options.js';

/** `report merge`. */
export function addReportCommand(program: Command, { io, done }: CommandContext): Command[] {
  const report = program
    .command('report')
    .description('Reports of runs that are over.')
    .usage('merge A.json B.json… [options]');
  const merge = report
    .command('merge')
    .description(
      'Joins what several runs printed with --json, those of shards say, into one, with one exit code.',
    )
    .usage('[options] FILE...')
    .argument('<files...>', 'documents of --json (pssh-ts/run@1)')
    .addOption(new Option('--json', 'one JSON document'))
    .addOption(new Option('--junit <file>', 'a JUnit report'))
    .addOption(new Option('--report <file>', 'a page to look at (one HTML file)'))
    .addOption(new Option('-S, --max-status', 'exit with the largest remote status'))
    .addOption(new Option('-q, --quiet', 'print only failures'))
    .action(async (files: readonly string[]) => {
      // Loaded when it is needed: every start reads this file, few merge.
      const { mergeReports } = await import('../merge-reports.js');
      done(await mergeReports(files, mergedOptions<MergeOptions>(merge), io));
    });
  commandRequired(report);
  return [report, merge];
}
