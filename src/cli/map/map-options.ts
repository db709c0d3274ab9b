import path from 'node:path';
import { Option } from 'commander';
import { frameCommand } from '../../core/command.js';
import { usageError } from '../../core/errors.js';
import { show } from '../../core/show.js';
import type { MapOptions, Workdir } from '../../run/map/options.js';
import { wholeNumber } from '../connection-options.js';
import { resolveEnv } from '../exec-run.js';
import { resolveLimits } from '../run-options.js';
import { shardOption } from '../shard.js';
import { collect, type SharedOptions } from '../shared-options.js';

/** As commander gives them; absent: not said. */
export interface MapCliOptions extends SharedOptions {
  readonly slots?: string;
  readonly retries?: string;
  readonly maxHostFailures?: string;
  readonly null?: boolean;
  readonly env?: readonly string[];
  readonly workdir?: string;
  readonly put?: readonly string[];
  readonly get?: readonly string[];
  readonly to?: string;
  readonly timeout?: string;
  readonly deadline?: string;
  readonly killGrace?: string;
  readonly onDisconnect?: string;
  readonly drain?: string;
  readonly joblog?: string;
  readonly resume?: boolean;
  readonly resumeFailed?: boolean;
  readonly results?: string;
  readonly keepOrder?: boolean;
  readonly lineBuffer?: boolean;
  readonly tag?: boolean;
  readonly prefix?: boolean;
  readonly json?: boolean;
  readonly ndjson?: boolean;
  readonly progress?: boolean;
  readonly maxOutput?: string;
  readonly github?: boolean;
  readonly shard?: string;
}

export type MapView = 'group' | 'lines' | 'json' | 'ndjson' | 'quiet';

export function mapOptions(): readonly Option[] {
  const running: readonly Option[] = [
    new Option(
      '--slots <number|auto>',
      'tasks at once on each host; auto: as many as it has cores (default 1)',
    ),
    new Option(
      '--retries <number>',
      'further tries of a task that failed, on another host where there is one (default 0)',
    ),
    new Option(
      '--max-host-failures <number>',
      'failed tasks in a row that take a host out (default: none do)',
    ),
    new Option('-0, --null', 'values end with a NUL byte, not with the line'),
    new Option('--env <name=value>', 'set a variable; NAME alone takes our value; repeatable').argParser(
      collect,
    ),
    new Option('-u, --timeout <duration>', 'time for one task, its files included (default none)'),
    new Option('--deadline <duration>', 'time for the whole run (default none)'),
    new Option('--kill-grace <duration>', 'between TERM and KILL when a task is given up (default 5s)'),
    new Option(
      '--on-disconnect <kill|leave>',
      'running tasks when pssh-ts dies or the connection is lost (default kill)',
    ),
    new Option('--drain <duration>', 'how long output is awaited after a task has exited (default 5s)'),
  ];
  const files: readonly Option[] = [
    new Option('--put <file>', 'send this file or folder before the task; a template; repeatable').argParser(
      collect,
    ),
    new Option(
      '--get <file>',
      'bring this back when the task has ended well; a template; repeatable',
    ).argParser(collect),
    new Option('--to <folder>', 'where --get brings it (default: the folder we are in)'),
    new Option(
      '--workdir <task|host|folder>',
      'run in a fresh folder a task or a host, removed afterwards, or in this folder of the host (default: home; task with --put or --get)',
    ),
  ];
  const kept: readonly Option[] = [
    new Option('--joblog <file>', "a line for each task that has ended, in GNU parallel's columns"),
    new Option('--resume', 'leave out the tasks that the joblog has'),
    new Option('--resume-failed', 'as --resume, but run again those that failed'),
    new Option('--results <folder>', 'a folder a task, with stdout, stderr and how it ended'),
  ];
  const output: readonly Option[] = [
    new Option('-k, --keep-order', 'output in the order of the tasks'),
    new Option('--line-buffer', 'lines as they come, with the host and the number of the task before each'),
    new Option('-N, --no-prefix', 'with --line-buffer: nothing before the lines').default(undefined),
    new Option('--tag', "the task's values before each line"),
    new Option('--json', 'one JSON document'),
    new Option('--ndjson', 'one JSON event a line, as it happens'),
    new Option('--progress', 'where stderr is no terminal: a line about the progress from time to time'),
    new Option('--no-progress', 'no progress line on a terminal'),
    new Option('--max-output <size>', 'kept of each stream of a task by --json and --ndjson (default 64MiB)'),
  ];
  return [
    shardOption('tasks'),
    ...running.map((option) => option.helpGroup('Running:')),
    ...files.map((option) => option.helpGroup('Files:')),
    ...output.map((option) => option.helpGroup('Output:')),
    ...kept.map((option) => option.helpGroup('Kept:')),
  ];
}

/** The one view that the options ask for. @throws PsshError ERR_USAGE */
export function mapView(options: MapCliOptions): MapView {
  const asked: MapView[] = [];
  if (options.lineBuffer === true) asked.push('lines');
  if (options.json === true) asked.push('json');
  if (options.ndjson === true) asked.push('ndjson');
  if (asked.length > 1)
    throw usageError('--line-buffer, --json and --ndjson are views of one output; leave all but one out');
  const [view] = asked;
  if (options.prefix === false && view !== 'lines')
    throw usageError('-N is about the lines of --line-buffer; add it, or leave -N out');
  if (options.tag === true && view !== undefined)
    throw usageError('--tag is about output in groups; leave it or the other view out');
  if (options.keepOrder === true && view === 'lines')
    throw usageError('--line-buffer shows lines as they come, --keep-order not; leave one out');
  return view ?? (options.quiet === true ? 'quiet' : 'group');
}

/** How the tasks are run. @throws PsshError ERR_USAGE */
export function resolveMap(options: MapCliOptions, view: MapView, env: NodeJS.ProcessEnv): MapOptions {
  const { joblog, resume, resumeFailed } = options;
  if (joblog === undefined && (resume === true || resumeFailed === true))
    throw usageError(
      `${resume === true ? '--resume' : '--resume-failed'} needs the log of the run; add --joblog FILE`,
    );
  const puts = options.put ?? [];
  const gets = options.get ?? [];
  if ([...puts, ...gets].some((text) => text.trim() === ''))
    throw usageError('--put, --get: a path is empty; name a file');
  if (options.to !== undefined && gets.length === 0)
    throw usageError('--to is where --get brings files; add --get FILE');
  const kept = view === 'json' || view === 'ndjson';
  const limits = resolveLimits(options);
  const variables = resolveEnv(options.env ?? [], env);
  // Before anything is connected: it would be wrong for every task.
  frameCommand('', { env: variables });
  return Object.freeze({
    ...limits,
    slots: options.slots === 'auto' ? 'auto' : (wholeNumber(options.slots, '--slots', 1, 1_000) ?? 1),
    retries: wholeNumber(options.retries, '--retries', 0, 1_000) ?? 0,
    maxHostFailures: wholeNumber(options.maxHostFailures, '--max-host-failures', 1, 1_000_000),
    // What is shown in groups is not cut; it lies on disk where it is large.
    maxOutput: kept ? limits.maxOutput : Number.POSITIVE_INFINITY,
    lines: view === 'lines',
    capture: view === 'group' || kept || options.results !== undefined,
    keepOrder: options.keepOrder === true,
    env: variables,
    workdir: resolveWorkdir(options.workdir, puts.length + gets.length > 0),
    puts,
    gets,
    to: path.resolve(options.to ?? '.'),
  });
}

function resolveWorkdir(text: string | undefined, moves: boolean): Workdir | null {
  if (text === undefined) return moves ? 'task' : null;
  if (text === 'task' || text === 'host') return text;
  if (text === '' || /[\0\n\r]/.test(text))
    throw usageError(`--workdir: ${show(text)} is no folder; write task, host or a folder of the hosts`);
  return { path: text };
}
