import { type Command, Option } from 'commander';
import { usageError } from '../core/errors.js';
import { MEANS, TRANSFER_DEFAULTS, type TransferOptions } from '../core/files.js';
import { show } from '../core/show.js';
import { withChoices } from './choices.js';
import type { ExecOptions } from './commands/exec.js';
import { addKeptOptions } from './kept-options.js';
import { addRollingOptions } from './rolling-options.js';
import { shardOption } from './shard.js';
import { addConnectionOptions, addGeneralOptions, addTargetOptions } from './shared-options.js';
import { splitOptions } from './split-options.js';
import { parseSize, viewOptions } from './view-options.js';

/** As commander gives them. */
export interface TransferCliOptions extends ExecOptions {
  readonly via?: string;
  readonly preserve?: boolean;
  readonly recursive?: boolean;
  readonly verify?: boolean;
  readonly ifChanged?: boolean;
  readonly limitRate?: string;
}

/** The options of put and get; `own` are those of one of them. */
export function addTransferOptions(command: Command, own: readonly Option[]): void {
  addTargetOptions(command);
  addConnectionOptions(command);
  const options: readonly Option[] = [
    new Option('-r, --recursive', 'folders, with all that is in them; links in them stay links'),
    new Option('-p, --preserve', 'modes and times as they are'),
    ...own,
    new Option('--verify', 'compare SHA-256 of both sides before a file gets its name'),
    new Option('--if-changed', 'leave alone what has the same content already'),
    withChoices(
      new Option(
        '--via <means>',
        'auto (default), tar (a session of ours), scp or rsync (the system programs)',
      ),
      MEANS,
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup('Files:'));
  addTransferRunOptions(command);
}

/** What put, get and sync have in common with exec. */
export function addTransferRunOptions(command: Command): void {
  command.addOption(shardOption());
  const running: readonly Option[] = [
    ...splitOptions(),
    new Option('--limit-rate <size>', 'at most so many bytes a second and host (500KiB, 10MiB)'),
    new Option('-u, --timeout <duration>', "time for one host's transfer (default none)"),
    new Option('--deadline <duration>', 'time for the whole run (default none)'),
    new Option('--kill-grace <duration>', 'between TERM and KILL when a transfer is given up (default 5s)'),
    new Option('-S, --max-status', 'exit with the largest remote status'),
  ];
  for (const option of running) command.addOption(option.helpGroup('Running:'));
  addRollingOptions(command);
  for (const option of viewOptions()) command.addOption(option.helpGroup('Output:'));
  addKeptOptions(command);
  addGeneralOptions(command);
}

/** @throws PsshError ERR_USAGE */
export function resolveTransfer(options: TransferCliOptions): TransferOptions {
  const via =
    options.via === undefined ? TRANSFER_DEFAULTS.via : MEANS.find((known) => known === options.via);
  if (via === undefined)
    throw usageError(`--via: there is no way ${show(options.via ?? '')}; write one of ${MEANS.join(', ')}`);
  return Object.freeze({
    via,
    preserve: options.preserve === true,
    recursive: options.recursive === true,
    verify: options.verify === true,
    ifChanged: options.ifChanged === true,
    limitRate: resolveRate(options.limitRate),
  });
}

/** Bytes a second. @throws PsshError ERR_USAGE */
export function resolveRate(text: string | undefined): number | null {
  if (text === undefined) return null;
  const bytes = parseSize(text.replace(/\/s$/, ''), '--limit-rate');
  if (bytes >= 1) return bytes;
  throw usageError(`--limit-rate: ${show(text)} lets nothing through; leave the option out for no limit`);
}
