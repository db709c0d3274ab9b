import type { RunOptions } from '../../core/options.js';

/** How many tasks are run. */
export interface MapOptions
  extends Pick<
    RunOptions,
    'fanout' | 'timeoutMs' | 'deadlineMs' | 'killGraceMs' | 'onDisconnect' | 'drainMs'
  > {
  /** Tasks at once on each host; auto: as many as it has cores. @default 1 */
  readonly slots: number | 'auto';
  /** Further tries of a task that failed, on another host where there is one. @default 0 */
  readonly retries: number;
  /** So many failures in a row take a host out. @default none */
  readonly maxHostFailures: number | null;
  /** Bytes kept of each stream of a task. */
  readonly maxOutput: number;
  /** Output is told as it comes, too. @default false */
  readonly lines: boolean;
  /** Output is kept for the result. @default true */
  readonly capture: boolean;
  /** Results are told in the order of the tasks. @default false */
  readonly keepOrder: boolean;
  /** Variables of every task. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder of the host to run in: a fresh one a task or a host, or a path. @default the login's home */
  readonly workdir: Workdir | null;
  /** Local files that each task needs, as templates. */
  readonly puts: readonly string[];
  /** Files of the host that each task makes, as templates. */
  readonly gets: readonly string[];
  /** The folder of ours that they come to. */
  readonly to: string;
}

export type Workdir = 'task' | 'host' | { readonly path: string };
