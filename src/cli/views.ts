import type { Sink } from '../core/events.js';
import type { BlockStore } from '../core/output.js';
import { DiffSink } from '../sinks/diff.js';
import { GatherSink } from '../sinks/gather.js';
import { GithubAnnotationsSink } from '../sinks/github-annotations.js';
import { GithubSummarySink } from '../sinks/github-summary.js';
import { InlineSink } from '../sinks/inline.js';
import { JsonSink } from '../sinks/json.js';
import { LogGroupsSink } from '../sinks/log-groups.js';
import type { LogReader } from '../sinks/log-guard.js';
import { NdjsonSink } from '../sinks/ndjson.js';
import { PlainSink } from '../sinks/plain.js';
import { PrefixSink } from '../sinks/prefix.js';
import { ProgressSink } from '../sinks/progress.js';
import type { Screen } from '../sinks/screen.js';
import { SummarySink } from '../sinks/summary.js';
import { Writer } from '../sinks/writer.js';
import type { Execution } from './execute.js';
import { logReader } from './log-reader.js';
import { progressKind, type TerminalTraits, terminalTraits } from './terminal.js';
import type { ViewName } from './view-options.js';

/** Where the views write, and where what they hold lies. */
export interface Outlets {
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** Null: stderr is no terminal. */
  readonly screen: Screen | null;
  readonly store: BlockStore;
}

interface Parts extends Outlets {
  readonly execution: Execution;
  readonly traits: TerminalTraits;
  readonly summary: SummarySink;
}

const VIEWS: Readonly<Record<ViewName, (parts: Parts) => Sink | null>> = {
  prefix: ({ execution, traits, stdout, stderr, store }) =>
    new PrefixSink({ stdout, stderr, store, ...traits, targets: execution.plan.map(({ target }) => target) }),
  plain: ({ traits, stdout, stderr }) => new PlainSink({ stdout, stderr, terminal: traits.terminal }),
  gather: (parts) => new GatherSink(heldBy(parts)),
  diff: (parts) => new DiffSink(heldBy(parts)),
  inline: (parts) => new InlineSink(heldBy(parts)),
  json: ({ execution: { commands }, traits, stdout }) =>
    new JsonSink({
      stdout,
      terminal: traits.terminal.stdout,
      startedAt: new Date(),
      command: commands.length === 1 ? (commands[0] ?? null) : null,
    }),
  ndjson: ({ traits, stdout }) => new NdjsonSink(stdout, traits.terminal.stdout),
  github: (parts) => logGroups('github', parts),
  gitlab: (parts) => logGroups('gitlab', parts),
  quiet: () => null,
};

function logGroups(reader: LogReader, { execution, summary, stdout }: Parts): Sink {
  const { run } = execution;
  const { maxOutput } = run;
  const onCut = summary.truncated.bind(summary);
  return new LogGroupsSink({ stdout, reader, steps: stepsOf(execution), limits: run, maxOutput, onCut });
}

/** What the views need that hold output until a host is done. */
function heldBy({ execution, traits, summary, stdout, store }: Parts) {
  const { maxOutput } = execution.run;
  return {
    stdout,
    store,
    maxOutput,
    steps: stepsOf(execution),
    style: { terminal: traits.terminal.stdout, color: traits.color.stdout, maxOutput },
    onCut: summary.truncated.bind(summary),
  };
}

/** What is done on each host, the checks and transfers behind the commands too. */
export function stepsOf({ plan, commands }: Pick<Execution, 'plan' | 'commands'>): number {
  return plan[0]?.steps.length ?? commands.length;
}

/** The views of a run that its options ask for. */
export function views(execution: Execution, outlets: Outlets): Sink[] {
  const { plan, run, options, io } = execution;
  const { stderr, screen } = outlets;
  const traits = terminalTraits(io, options.color);
  const quiet = options.quiet === true || execution.view === 'quiet';
  const summary = new SummarySink({
    stderr,
    quiet,
    verbose: (options.verbose ?? 0) > 0,
    color: traits.color.stderr,
    limits: run,
    maxOutput: run.maxOutput,
  });
  const view = VIEWS[execution.view]({ ...outlets, execution, traits, summary });
  const kind = progressKind(io, options.progress, quiet);
  const progress =
    kind === 'none'
      ? null
      : new ProgressSink({
          screen: kind === 'redraw' ? screen : null,
          stderr,
          color: traits.color.stderr,
          hosts: plan.length,
          steps: stepsOf(execution),
        });
  // The progress goes before the summary, which ends it.
  return [view, progress, summary, ...githubViews(execution, outlets)].filter((sink) => sink !== null);
}

/** What a job on GitHub is told besides: on stderr, unless stdout is the log already. */
function githubViews(
  { run, commands, options, io, view }: Execution,
  { stdout, stderr }: Outlets,
): readonly Sink[] {
  if (logReader(io.env, options) !== 'github') return [];
  // These commands are our own, so they go past the guard of stderr.
  const log = view === 'github' ? stdout : new Writer(io.stderr, () => undefined);
  const file = io.env.GITHUB_STEP_SUMMARY;
  const command = commands.join('; ');
  return [
    new GithubAnnotationsSink({ log, limits: run }),
    ...(file === undefined || file === ''
      ? []
      : [new GithubSummarySink({ file, command, limits: run, stderr })]),
  ];
}
