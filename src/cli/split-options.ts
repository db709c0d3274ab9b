import { Option } from 'commander';
import { usageError } from '../core/errors.js';
import { foldNames } from '../core/fold.js';
import type { ConnectionOptions } from '../core/options.js';
import { parseSplit, splitValues, weightsOf } from '../core/split.js';
import { type Target, targetName } from '../core/target.js';
import { checkTemplate, type TemplateValues, targetValues } from '../core/template.js';

/** As commander gives them; absent: not said. */
export interface SplitOptions {
  readonly split?: string;
  readonly weights?: string;
}

/** One host of a run, with what stands for the names in its templates. */
export interface HostShare {
  readonly target: Target;
  readonly values: TemplateValues;
  /** Why nothing is run there. */
  readonly skipped?: string;
}

export function splitOptions(): readonly Option[] {
  return [
    new Option(
      '--split <range>',
      'share these numbers (1-60) out among the hosts, as {from}, {to} and {range}; implies --template',
    ),
    new Option(
      '--weights <list>',
      'shares of --split in proportion: 1,1,4, or the name of an inventory variable',
    ),
  ];
}

/** All hosts with their values, and their shares of the numbers. @throws PsshError ERR_USAGE */
export function hostShares(
  targets: readonly Target[],
  { split, weights }: SplitOptions,
  { user, port }: Pick<ConnectionOptions, 'user' | 'port'>,
  count: number,
): readonly HostShare[] {
  const plain = targets.map((target) => ({
    target,
    values: targetValues(target, count, target.user ?? user, target.port ?? port),
  }));
  if (split === undefined) {
    if (weights !== undefined) throw usageError('--weights is about --split; add it, or leave this out');
    return plain;
  }
  const shares = splitValues(parseSplit(split), weightsOf(weights, targets));
  return plain.map(({ target, values }, place) => {
    const share = shares[place] ?? null;
    if (share !== null) return { target, values: { ...values, ...share } };
    return { target, values, skipped: `--split ${split} has no number for it` };
  });
}

/**
 * What the user should know of templates and shares.
 * @throws PsshError ERR_USAGE for a name that only some hosts know
 */
export function shareNotes(
  shares: readonly HostShare[],
  templates: readonly string[],
  { split }: SplitOptions,
): readonly string[] {
  const busy = shares.filter(({ skipped }) => skipped === undefined);
  const idle = shares.filter(({ skipped }) => skipped !== undefined);
  const hosts = busy.map(({ target, values }) => ({ host: targetName(target), values }));
  const odd = templates.flatMap((template) => checkTemplate(template, hosts) ?? []);
  if (idle.length === 0) return odd;
  const names = foldNames(idle.map(({ target }) => target.label));
  return [...odd, `--split ${split}: no number is left for ${names}; skipped`];
}
