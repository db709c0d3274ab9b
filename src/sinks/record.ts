import type { RunEvent, Sink } from '../core/events.js';
import { NO_OUTPUT } from '../core/output.js';
import {
  type Again,
  RECORD_SCHEMA,
  type RecordedHost,
  type RecordedResult,
  type RunRecord,
  withoutValues,
} from '../core/record.js';
import { type HostResult, hostStatus } from '../core/result.js';
import { type Target, targetName } from '../core/target.js';
import { HostOutput, type KeptOutput } from './host-output.js';

export interface RecordOptions
  extends Pick<RunRecord, 'id' | 'command' | 'commands' | 'cwd' | 'env' | 'options'> {
  readonly count: number;
  readonly again?: Again;
  readonly startedAt: Date;
  readonly targets: readonly Target[];
  readonly output: boolean;
}

const MOST_OUTPUT = 64 * 1024;
// Of the whole run: a record is read whole.
const MOST_OUTPUT_OF_ALL = 64 * 1024 * 1024;

/** Gathers what the record of a run tells. */
export class RecordSink implements Sink {
  private readonly results = new Map<number, RecordedResult[]>();
  private readonly ended = new Map<number, HostResult[]>();
  private readonly output: HostOutput | null;
  private outputBytes = 0;

  constructor(private readonly options: RecordOptions) {
    this.output = options.output ? new HostOutput(MOST_OUTPUT) : null;
  }

  event(event: RunEvent): void {
    if (event.type === 'output') this.output?.add(event);
    else if (event.type === 'finished') this.add(event.result);
  }

  /** What is known by now. */
  record(durationMs: number, exitCode: number): RunRecord {
    const { id, command, commands, startedAt, cwd, env, options, count, targets, again } = this.options;
    return {
      schema: RECORD_SCHEMA,
      id,
      command,
      commands,
      ...(again?.words === undefined ? {} : { words: again.words }),
      startedAt: startedAt.toISOString(),
      durationMs,
      exitCode,
      cwd,
      env,
      options,
      count,
      hosts: targets.map((target) => this.host(target)),
    };
  }

  private add(result: HostResult): void {
    const { index } = result.target;
    const kept = this.output?.take(result.target);
    this.results.set(index, [...(this.results.get(index) ?? []), recorded(result, this.bounded(kept))]);
    const bare = { ...result, stdout: NO_OUTPUT, stderr: NO_OUTPUT };
    this.ended.set(index, [...(this.ended.get(index) ?? []), bare]);
  }

  private bounded(kept: KeptOutput | undefined): { readonly stdout?: string; readonly stderr?: string } {
    if (kept === undefined) return {};
    const texts = { stdout: kept.stdout.text(), stderr: kept.stderr.text() };
    this.outputBytes += texts.stdout.length + texts.stderr.length;
    if (this.outputBytes <= MOST_OUTPUT_OF_ALL) return texts;
    const left = (total: number): string => (total === 0 ? '' : `[truncated: ${total} bytes left out]\n`);
    return { stdout: left(kept.stdout.total), stderr: left(kept.stderr.total) };
  }

  private host(target: Target): RecordedHost {
    const ended = this.ended.get(target.index);
    const { sshOptions } = target;
    const values = this.options.again?.values?.get(target.index);
    return {
      label: target.label,
      name: targetName(target),
      host: target.host,
      user: target.user ?? null,
      port: target.port ?? null,
      ...(sshOptions === undefined
        ? {}
        : { sshOptions: { ...sshOptions, options: sshOptions.options.map(withoutValues) } }),
      index: target.index,
      ...(values === undefined ? {} : { values }),
      status: ended === undefined ? null : hostStatus(ended),
      results: this.results.get(target.index) ?? [],
    };
  }
}

function recorded(
  { step, status, exitCode, signal, killed, attempts, durationMs, startedAt, error, ...rest }: HostResult,
  output: { readonly stdout?: string; readonly stderr?: string },
): RecordedResult {
  const { skippedBy, timedOutBy } = rest;
  return {
    step,
    status,
    exitCode,
    signal,
    killed,
    attempts,
    startedAt: startedAt?.toISOString() ?? null,
    durationMs,
    error,
    ...(skippedBy === undefined ? {} : { skippedBy }),
    ...(timedOutBy === undefined ? {} : { timedOutBy }),
    ...output,
  };
}
