import { fstatSync } from 'node:fs';
import { type LogReader, logGuard } from '../sinks/log-guard.js';
import type { ExecOptions } from './commands/exec.js';
import type { Execution } from './execute.js';

/** Which CI system reads our output as the log of a job, as its environment says. */
export function logReader(env: NodeJS.ProcessEnv, options: Pick<ExecOptions, 'github'>): LogReader | null {
  if (env.GITHUB_ACTIONS === 'true' && options.github !== false) return 'github';
  return env.GITLAB_CI === 'true' ? 'gitlab' : null;
}

/** Where somebody may read a stream of ours as a job's log: what keeps hosts from giving commands in it. */
export function logFilter(
  {
    io,
    options,
    view,
  }: Pick<Execution, 'io'> & {
    readonly options: Pick<ExecOptions, 'github'>;
    readonly view: string;
  },
  stream: 'stdout' | 'stderr',
): ((data: Uint8Array | string) => Uint8Array | string) | undefined {
  const reader = logReader(io.env, options);
  // These formats see to it themselves.
  if (reader === null || (stream === 'stdout' && (view === 'github' || view === 'gitlab'))) return undefined;
  if (io[stream].isTTY === true || isFile(io[stream])) return undefined;
  return logGuard(reader, stream === 'stdout' && (view === 'json' || view === 'ndjson'));
}

// `> FILE`: no runner reads that, and its bytes stay as they are.
function isFile(stream: object): boolean {
  const { fd } = stream as { readonly fd?: unknown };
  return typeof fd === 'number' && fstatSync(fd).isFile();
}
