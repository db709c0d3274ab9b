import type { RunEvent, Sink } from '../core/events.js';
import { foldNames } from '../core/fold.js';
import type { HostResult } from '../core/result.js';
import { githubData, githubProperty } from './github-text.js';
import { HostOutput } from './host-output.js';
import type { Limits } from './outcome.js';
import { endingOf } from './reason.js';
import { terminalSafe } from './terminal-safe.js';
import type { Writer } from './writer.js';

export interface GithubAnnotationsOptions {
  /** Where the runner reads commands; nothing may change them on the way. */
  readonly log: Writer;
  readonly limits: Limits;
}

// GitHub shows this many of a step and drops the rest in silence.
const MOST = 10;
const MOST_OUTPUT = 2048;

/** An annotation for each host that failed, at the end; beyond GitHub's limit one line with the rest. */
export class GithubAnnotationsSink implements Sink {
  private readonly output = new HostOutput(MOST_OUTPUT);
  /** The first failure of each host. */
  private readonly failures = new Map<number, { readonly result: HostResult; readonly said: string }>();

  constructor(private readonly options: GithubAnnotationsOptions) {}

  event(event: RunEvent): void {
    if (event.type === 'output') this.output.add(event);
    if (event.type !== 'finished') return;
    const { result, target } = event;
    const { stdout, stderr } = this.output.take(target);
    const failed = result.status !== 'ok' && result.skippedBy !== 'plan';
    if (!failed || this.failures.has(target.index)) return;
    // What is not shown need not be held: of a thousand failures most are told by their names.
    const said = this.failures.size < MOST ? (stderr.total > 0 ? stderr : stdout).text() : '';
    this.failures.set(target.index, { result, said });
  }

  async end(): Promise<void> {
    const { log, limits } = this.options;
    const failures = [...this.failures.values()];
    for (const { result, said } of failures.slice(0, MOST)) {
      const reason = endingOf(result, limits);
      const title = githubProperty(terminalSafe(`${result.target.label}: ${reason}`));
      const message = terminalSafe([result.command, said.trimEnd()].filter((part) => part !== '').join('\n'));
      await log.write(`::error title=${title}::${githubData(message || reason)}\n`);
    }
    const rest = failures.slice(MOST).map(({ result }) => result.target.label);
    if (rest.length > 0)
      await log.write(`pssh-ts: failed as well, without an annotation: ${foldNames(rest)}\n`);
  }
}
