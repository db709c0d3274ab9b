import type { Sink } from '../core/events.js';
import { JsonSink } from '../sinks/json.js';
import { PlainSink } from '../sinks/plain.js';
import { PrefixSink } from '../sinks/prefix.js';
import { SummarySink } from '../sinks/summary.js';
import type { Writer } from '../sinks/writer.js';
import type { Execution } from './execute.js';
import { terminalTraits } from './terminal.js';

/** The views of a run that its options ask for. */
export function views(
  { plan, run, commands, options, io }: Execution,
  stdout: Writer,
  stderr: Writer,
): Sink[] {
  const { terminal, color } = terminalTraits(io, options.color);
  const targets = plan.map(({ target }) => target);
  const quiet = options.quiet === true;
  const summary = new SummarySink({
    stderr,
    quiet,
    verbose: (options.verbose ?? 0) > 0,
    color: color.stderr,
    limits: run,
  });
  if (options.json === true) {
    const command = commands.length === 1 ? (commands[0] ?? null) : null;
    return [new JsonSink({ stdout, startedAt: new Date(), command }), summary];
  }
  if (quiet) return [summary];
  if (options.prefix === false) return [new PlainSink({ stdout, stderr, terminal }), summary];
  return [new PrefixSink({ stdout, stderr, targets, terminal, color }), summary];
}
