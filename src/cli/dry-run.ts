import { EXIT } from '../core/exit-code.js';
import type { ConnectionOptions, RunOptions } from '../core/options.js';
import type { PlannedHost } from '../run/plan.js';
import { destinationArgs } from '../ssh/argv.js';
import type { Io } from './io.js';

/** Prints the plan: each host, the ssh flags it is reached by, and its commands. */
export function dryRun(
  plan: readonly PlannedHost[],
  connection: ConnectionOptions,
  run: RunOptions,
  io: Io,
): number {
  for (const { target, steps } of plan) {
    const flags = [...destinationArgs(target, connection), target.host].join(' ');
    for (const { command } of steps) io.stdout.write(`${target.label}: [ssh ${flags}] ${command}\n`);
  }
  const limit = run.timeoutMs === null ? 'no time limit' : `at most ${run.timeoutMs / 1000}s each`;
  const deadline = run.deadlineMs === null ? '' : `, ${run.deadlineMs / 1000}s for all`;
  const hosts = `${plan.length} host${plan.length === 1 ? '' : 's'}`;
  io.stderr.write(`pssh-ts: dry run: ${hosts}, fanout ${run.fanout}, ${limit}${deadline}; nothing was run\n`);
  return EXIT.ok;
}
