import { type Command, Option } from 'commander';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';

/** What `--format` can name. */
const FORMATS = ['github', 'gitlab'] as const;

export function addFormatOption(command: Command): void {
  const option = new Option(
    '--format <name>',
    'github or gitlab: each host as a group of the job log, safe from what it prints',
  );
  command.addOption(option.helpGroup('Output:'));
}

/** @throws PsshError ERR_USAGE for an unknown format, or two that were asked for */
export function checkFormat({ format, json }: { readonly format?: string; readonly json?: boolean }): void {
  if (format === undefined) return;
  if (!FORMATS.some((known) => known === format))
    throw usageError(`--format: unknown format ${show(format)}; write ${FORMATS.join(' or ')}`);
  if (json === true)
    throw usageError(`--format ${format} and --json both say how it is shown; leave one out`);
}
