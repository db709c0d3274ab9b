import { Option } from 'commander';
import { usageError } from '../core/errors.js';
import { checkedShard, parseShard, type Shard, takeShard } from '../core/shard.js';
import { show } from '../core/show.js';
import { type Target, targetKey } from '../core/target.js';

export interface ShardOptions {
  readonly shard?: string;
}

/** @param what is shared out */
export function shardOption(what: 'targets' | 'tasks' = 'targets'): Option {
  return new Option(
    '--shard <i/n>',
    `of the ${what} only this share of N, the same whatever their order; auto: as CI, Slurm or Kubernetes says`,
  ).helpGroup(what === 'targets' ? 'Targets:' : 'Running:');
}

/** A shard, and who says so. */
export interface ChosenShard extends Shard {
  readonly source: string;
}

/** `--shard I/N`, `auto`, `auto/N`; null: not said. @throws PsshError ERR_USAGE */
export function chosenShard(text: string | undefined, env: NodeJS.ProcessEnv): ChosenShard | null {
  if (text === undefined) return null;
  const auto = /^auto(?:\/(\d{1,7}))?$/.exec(text);
  if (auto === null) return { ...parseShard(text), source: '--shard' };
  return (
    ENGINES.reduce<ChosenShard | null>((found, engine) => found ?? engine(env, auto[1]), null) ?? nobody()
  );
}

type Engine = (env: NodeJS.ProcessEnv, total: string | undefined) => ChosenShard | null;

// Who is innermost comes last: a CI job that itself runs in Kubernetes counts as the CI's.
const ENGINES: readonly Engine[] = [ofCi, ofSlurm, ofKubernetes];

/** GitLab's `parallel:` and others; from 1. */
function ofCi(
  { CI_NODE_INDEX, CI_NODE_TOTAL }: NodeJS.ProcessEnv,
  total = CI_NODE_TOTAL,
): ChosenShard | null {
  if (CI_NODE_INDEX === undefined || total === undefined) return null;
  return shardOf('CI_NODE_INDEX', CI_NODE_INDEX, 1, total);
}

/** Tasks of an array are numbered from any number on, in steps. */
function ofSlurm(env: NodeJS.ProcessEnv, total = env.SLURM_ARRAY_TASK_COUNT): ChosenShard | null {
  const { SLURM_ARRAY_TASK_ID: id, SLURM_ARRAY_TASK_MIN: least = '', SLURM_ARRAY_TASK_STEP = '1' } = env;
  if (id === undefined || total === undefined) return null;
  const step = Math.max(1, numberOf('SLURM_ARRAY_TASK_STEP', SLURM_ARRAY_TASK_STEP));
  const rank = (numberOf('SLURM_ARRAY_TASK_ID', id) - numberOf('SLURM_ARRAY_TASK_MIN', least)) / step;
  if (Number.isInteger(rank)) return shardOf('SLURM_ARRAY_TASK_ID', String(rank), 0, total);
  throw usageError(`--shard auto: the array's tasks are not evenly numbered; write --shard I/${total}`);
}

/** From 0. How many there are Kubernetes does not say. */
function ofKubernetes({ JOB_COMPLETION_INDEX }: NodeJS.ProcessEnv, total?: string): ChosenShard | null {
  if (JOB_COMPLETION_INDEX === undefined) return null;
  if (total !== undefined) return shardOf('JOB_COMPLETION_INDEX', JOB_COMPLETION_INDEX, 0, total);
  throw usageError(
    "--shard auto: Kubernetes does not say how many there are; write the job's completions, as in auto/4",
  );
}

function nobody(): never {
  throw usageError(
    '--shard auto: none of CI_NODE_INDEX and CI_NODE_TOTAL, SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT, JOB_COMPLETION_INDEX is set; write --shard I/N',
  );
}

function shardOf(source: string, index: string, first: number, total: string): ChosenShard {
  const place = numberOf(source, index) - first + 1;
  const count = numberOf('the total', total);
  return { ...checkedShard(place, count, `--shard auto: ${source} is ${show(index)}`), source };
}

function numberOf(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(`--shard auto: ${name} is ${show(text)}, no whole number; write --shard I/N`);
}

/** This shard's hosts, with the places that they have in the whole list. */
export function ownTargets(
  targets: readonly Target[],
  shard: ChosenShard | null,
  onNote: (note: string) => void,
): readonly Target[] {
  if (shard === null) return targets;
  const own = takeShard(targets, shard, targetKey);
  const { index, total, source } = shard;
  const by = source === '--shard' ? '' : ` (${source})`;
  onNote(
    `shard ${index} of ${total}${by}: ${own.length} of ${targets.length} host${targets.length === 1 ? '' : 's'}`,
  );
  return own;
}
