import type { Sink } from '../core/events.js';
import { GithubAnnotationsSink } from '../sinks/github-annotations.js';
import { GithubSummarySink } from '../sinks/github-summary.js';
import { JsonSink } from '../sinks/json.js';
import { LogGroupsSink } from '../sinks/log-groups.js';
import { PlainSink } from '../sinks/plain.js';
import { PrefixSink } from '../sinks/prefix.js';
import { SummarySink } from '../sinks/summary.js';
import { Writer } from '../sinks/writer.js';
import type { Execution } from './execute.js';
import { logReader } from './log-reader.js';
import { terminalTraits } from './terminal.js';

/** The views of a run that its options ask for. */
export function views(execution: Execution, stdout: Writer, stderr: Writer): Sink[] {
  return [...shownViews(execution, stdout, stderr), ...githubViews(execution, stdout, stderr)];
}

function shownViews({ plan, run, commands, options, io }: Execution, stdout: Writer, stderr: Writer): Sink[] {
  const { terminal, color } = terminalTraits(io, options.color);
  const targets = plan.map(({ target }) => target);
  const quiet = options.quiet === true;
  const summary = new SummarySink({
    stderr,
    quiet,
    verbose: (options.verbose ?? 0) > 0,
    color: color.stderr,
    timeoutMs: run.timeoutMs,
  });
  if (options.format === 'github' || options.format === 'gitlab') {
    const { timeoutMs, maxOutput } = run;
    const reader = options.format;
    return [new LogGroupsSink({ stdout, reader, steps: commands.length, timeoutMs, maxOutput }), summary];
  }
  if (options.json === true) {
    const command = commands.length === 1 ? (commands[0] ?? null) : null;
    return [new JsonSink({ stdout, startedAt: new Date(), command }), summary];
  }
  if (quiet) return [summary];
  if (options.prefix === false) return [new PlainSink({ stdout, stderr, terminal }), summary];
  return [new PrefixSink({ stdout, stderr, targets, terminal, color }), summary];
}

/** What a job on GitHub is told besides: on stderr, unless stdout is the log already. */
function githubViews({ run, commands, options, io }: Execution, stdout: Writer, stderr: Writer): Sink[] {
  if (logReader(io.env, options) !== 'github') return [];
  const { timeoutMs } = run;
  // These commands are our own, so they go past the guard of stderr.
  const log = options.format === 'github' ? stdout : new Writer(io.stderr, () => undefined);
  const file = io.env.GITHUB_STEP_SUMMARY;
  const command = commands.join('; ');
  return [
    new GithubAnnotationsSink({ log, timeoutMs }),
    ...(file === undefined || file === ''
      ? []
      : [new GithubSummarySink({ file, command, timeoutMs, stderr })]),
  ];
}
