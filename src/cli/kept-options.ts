import path from 'node:path';
import { type Command, Option } from 'commander';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';
import type { FolderMode } from '../sinks/output-folder.js';

/** What is left of a run when it is over. */
export interface KeptOptions {
  readonly outdir?: string;
  readonly errdir?: string;
  readonly append?: boolean;
  readonly overwrite?: boolean;
  readonly junit?: string;
  readonly report?: string;
  readonly github?: boolean;
  readonly record?: boolean;
  readonly recordOutput?: boolean;
}

export function addKeptOptions(command: Command): void {
  const options: readonly Option[] = [
    new Option('--outdir <folder>', "a file a host with its commands' stdout, written as it comes"),
    new Option('--errdir <folder>', "a file a host with its commands' stderr"),
    new Option('--append', 'add to the files of an earlier run in these folders'),
    new Option('--overwrite', 'replace the files of an earlier run in these folders'),
    new Option('--junit <file>', 'a JUnit report: a test case a host and command'),
    new Option('--report <file>', 'a page to look at: time line, groups of identical output (one HTML file)'),
    new Option(
      '--no-github',
      'no annotations, job summary or guarded output where GITHUB_ACTIONS is set',
    ).default(undefined),
    new Option('--no-record', 'leave no record of this run (see pssh-ts runs)').default(undefined),
    new Option('--record-output', 'keep the output in the record too, 64 KiB of each stream of a command'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Kept:'));
}

/** @throws PsshError ERR_USAGE for options that contradict each other */
export function checkKeptOptions(options: KeptOptions): void {
  const { outdir, errdir, append, overwrite, record, recordOutput } = options;
  if (append === true && overwrite === true)
    throw usageError('--append and --overwrite contradict each other; leave one out');
  const mode = append === true ? '--append' : overwrite === true ? '--overwrite' : null;
  if (mode !== null && outdir === undefined && errdir === undefined)
    throw usageError(`${mode} is about the files of --outdir and --errdir; add one of them`);
  refuseOnePlace('--outdir', outdir, '--errdir', errdir);
  refuseOnePlace('--junit', options.junit, '--report', options.report);
  if (record === false && recordOutput === true)
    throw usageError('--no-record and --record-output contradict each other; leave one out');
}

// One would be written over the other.
function refuseOnePlace(
  one: string,
  first: string | undefined,
  other: string,
  second: string | undefined,
): void {
  if (first === undefined || second === undefined || path.resolve(first) !== path.resolve(second)) return;
  throw usageError(`${one} and ${other} both name ${show(first)}; name a place for each`);
}

export function folderMode({ append, overwrite }: KeptOptions): FolderMode {
  return append === true ? 'append' : overwrite === true ? 'overwrite' : 'fresh';
}
