import { EXIT } from '../core/exit-code.js';
import type { ConnectionOptions, RunOptions } from '../core/options.js';
import { isPlainWord, quoteForSh } from '../core/quote.js';
import { withoutValues } from '../core/record.js';
import { batchesOf } from '../core/rolling.js';
import { show, UNSHOWN } from '../core/show.js';
import type { PlannedHost, PlannedStep } from '../run/plan.js';
import { destinationArgs } from '../ssh/argv.js';
import type { Io } from './io.js';

/** Prints the plan: each host, the ssh flags it is reached by, and its commands. */
export function dryRun(
  plan: readonly PlannedHost[],
  connection: ConnectionOptions,
  run: RunOptions,
  io: Io,
): number {
  for (const { target, steps, skipped } of plan) {
    if (skipped !== undefined) {
      io.stdout.write(`${target.label}: skipped: ${skipped}\n`);
      continue;
    }
    const words = [...destinationArgs(target, connection), target.host]
      .map(withoutSecret)
      .map(shownWord)
      .join(' ');
    for (const step of steps)
      io.stdout.write(`${target.label}: [ssh ${words}]${sudoText(step)} ${step.command}\n`);
  }
  const limit = run.timeoutMs === null ? 'no time limit' : `at most ${run.timeoutMs / 1000}s each`;
  const deadline = run.deadlineMs === null ? '' : `, ${run.deadlineMs / 1000}s for all`;
  const busy = plan.filter(({ skipped }) => skipped === undefined);
  const sizes = batchesOf(busy, run.rolling.serial).map((batch) => batch.length);
  const batches = run.rolling.serial === null ? '' : `, batches of ${sizesText(sizes)}`;
  const hosts = `${plan.length} host${plan.length === 1 ? '' : 's'}`;
  io.stderr.write(
    `pssh-ts: dry run: ${hosts}, fanout ${run.fanout}, ${limit}${deadline}${batches}; nothing was run\n`,
  );
  return EXIT.ok;
}

function sudoText(step: PlannedStep): string {
  if (!('sudo' in step) || step.sudo === undefined) return '';
  const { user } = step.sudo.access;
  return user === null ? ' [sudo]' : ` [sudo -u ${user}]`;
}

/** `SetEnv=TOKEN=x` has a value that may be one. */
function withoutSecret(word: string): string {
  const name = withoutValues(word);
  return name === word ? word : `${name}=…`;
}

/** As one would type it: a word that needs quotes in them, so that it can be told from two. */
function shownWord(word: string): string {
  if (isPlainWord(word) || /^[\w.-]+=[\w@+:,./-]*$/.test(word)) return word;
  // In single quotes a control character would be itself.
  return UNSHOWN.test(word) ? show(word) : quoteForSh(word);
}

const MOST_SIZES = 10;

function sizesText(sizes: readonly number[]): string {
  const shown = sizes.slice(0, MOST_SIZES).join(', ');
  return sizes.length > MOST_SIZES ? `${shown} and ${sizes.length - MOST_SIZES} more` : shown;
}
