import { type Command, Option } from 'commander';
import { parseDuration } from '../core/duration.js';
import { usageError } from '../core/errors.js';
import { type Rolling, resolveRolling } from '../core/rolling.js';
import { type CommandOptions, type PlannedHost, planHost } from '../run/plan.js';
import { timeLimit } from './connection-options.js';
import type { Io } from './io.js';

/** As commander gives them; absent: not said. */
export interface RollingOptions {
  readonly serial?: string;
  readonly maxFail?: string;
  readonly failFast?: boolean;
  readonly keepGoing?: boolean;
  readonly health?: string;
  readonly healthTimeout?: string;
  readonly batchPause?: string;
  readonly step?: boolean;
}

const HEALTH_MS = 60_000;

export function addRollingOptions(command: Command): void {
  const options: readonly Option[] = [
    new Option(
      '--serial <sizes>',
      'batches of so many hosts: 5, 10%, or a list whose last one repeats (1,10%,100%); implies --max-fail 0',
    ),
    new Option('--max-fail <number>', 'more failed hosts than this (2, 10%): no further host starts'),
    new Option('--fail-fast', 'then cancel the running ones too (alone: at the first failure)'),
    new Option('--keep-going', 'batch after batch, whatever fails'),
    new Option(
      '--health <command>',
      'on each host behind its command, every second until it succeeds; else the host has failed',
    ),
    new Option('--health-timeout <duration>', 'how long --health is tried (default 1m)'),
    new Option('--batch-pause <duration>', 'between a batch and the next'),
    new Option('--step', 'ask on the terminal before each batch'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Batches:'));
}

/** @throws PsshError ERR_USAGE */
export function rollingOf(options: RollingOptions): Rolling {
  const { batchPause } = options;
  return resolveRolling({
    ...options,
    batchPauseMs: batchPause === undefined ? 0 : parseDuration(batchPause, '--batch-pause'),
  });
}

/** @throws PsshError ERR_USAGE for options that can't be kept to */
export function checkRollingOptions(
  options: RollingOptions & { readonly stdin?: boolean; readonly dryRun?: boolean },
  io: Io,
): void {
  if (options.health?.trim() === '')
    throw usageError('--health: the command is empty; write what has to succeed behind the option');
  if (options.healthTimeout !== undefined && options.health === undefined)
    throw usageError('--health-timeout is about --health; add it, or leave this out');
  timeLimit(options.healthTimeout, '--health-timeout');
  if (options.step !== true || options.dryRun === true) return;
  if (options.stdin === true)
    throw usageError('-I and --step would both read our input; leave one of them out');
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw usageError('--step asks on a terminal, and there is none; leave it out');
}

/** The plan with the check behind what each host does. @throws PsshError ERR_USAGE */
export function withHealth(
  plan: readonly PlannedHost[],
  { health, healthTimeout }: RollingOptions,
  options: CommandOptions & { readonly count: number },
): readonly PlannedHost[] {
  if (health === undefined) return plan;
  const healthMs = timeLimit(healthTimeout, '--health-timeout') ?? HEALTH_MS;
  return plan.map((host) => {
    const { steps } = planHost(host.target, [{ command: health }], options);
    return { ...host, steps: [...host.steps, ...steps.map((step) => ({ ...step, healthMs }))] };
  });
}
