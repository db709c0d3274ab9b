import { createHash, type Hash } from 'node:crypto';
import type { RunEvent, RunSummary, Sink, StreamName } from '../core/events.js';
import { NO_OUTPUT } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import { hostStatus } from '../core/result.js';
import type { Target } from '../core/target.js';
import { AtomicFile } from './atomic-file.js';
import { HostOutput, type KeptOutput } from './host-output.js';
import type { Limits } from './outcome.js';
import { endingOf } from './reason.js';
import type { ReportData, ReportGroup, ReportHost } from './report/data.js';
import { reportPage } from './report/page.js';

export interface ReportOptions {
  readonly file: string;
  readonly command: string;
  /** Commands a host. */
  readonly steps: number;
  readonly limits: Limits;
  readonly targets: readonly Target[];
  readonly startedAt: Date;
}

const MOST_OUTPUT = 64 * 1024;
// Of all groups together: a page that is larger takes a browser too long.
const MOST_OUTPUT_OF_ALL = 8 * 1024 * 1024;

type Digests = Record<StreamName, Hash>;

interface HostNotes {
  begun: number | null;
  connected: number | null;
  ended: number | null;
  readonly groups: number[];
  readonly results: HostResult[];
}

const noNotes = (): HostNotes => ({ begun: null, connected: null, ended: null, groups: [], results: [] });

/** `--report`: one page with counts, a time line, groups of identical output and all hosts. */
export class ReportSink implements Sink {
  private readonly file: AtomicFile;
  private readonly output = new HostOutput(MOST_OUTPUT);
  private readonly digests = new Map<number, Digests>();
  /** By the target's place in the whole list, of which these may be a part. */
  private readonly hosts: ReadonlyMap<number, HostNotes>;
  private readonly groups = new Map<string, { readonly place: number; readonly group: ReportGroup }>();
  private outputLength = 0;
  private summary: RunSummary | null = null;

  /** @throws PsshError ERR_USAGE where the file can't be written */
  constructor(private readonly options: ReportOptions) {
    this.file = AtomicFile.create('--report', options.file);
    this.hosts = new Map(options.targets.map(({ index }) => [index, noNotes()]));
  }

  event(event: RunEvent): void {
    if (event.type === 'summary') this.summary = event.summary;
    else if (event.type === 'output') {
      this.output.add(event);
      this.digestsOf(event.target)[event.stream].update(event.data);
    } else if (event.type !== 'note') {
      const host = this.hosts.get(event.target.index);
      if (host === undefined) return;
      if (event.type !== 'finished') {
        host.begun ??= event.time;
        if (event.type === 'connected') host.connected = event.time;
        return;
      }
      // What was never begun has no place on the time line.
      if (host.begun !== null && event.result.status !== 'skipped') host.ended = event.time;
      host.groups.push(this.groupOf(event.result, this.output.take(event.target)));
      host.results.push({ ...event.result, stdout: NO_OUTPUT, stderr: NO_OUTPUT });
    }
  }

  end(): void {
    for (const piece of reportPage(this.data())) this.file.write(piece);
    this.file.commit();
  }

  discard(): void {
    this.file.discard();
  }

  private digestsOf({ index }: Target): Digests {
    let digests = this.digests.get(index);
    if (digests === undefined) {
      digests = { stdout: createHash('sha256'), stderr: createHash('sha256') };
      this.digests.set(index, digests);
    }
    return digests;
  }

  /** Alike are results whose whole output is the same and that ended the same way; what is shown of it is cut. */
  private groupOf(result: HostResult, output: KeptOutput): number {
    const digests = this.digests.get(result.target.index);
    this.digests.delete(result.target.index);
    const { step, status, exitCode, signal, killed, error } = result;
    const ending = [step, status, exitCode, signal, killed, error?.code];
    const key = JSON.stringify([...ending, digests?.stdout.digest('hex'), digests?.stderr.digest('hex')]);
    const known = this.groups.get(key);
    if (known !== undefined) return known.place;
    const texts = { stdout: output.stdout.text(), stderr: output.stderr.text() };
    this.outputLength += texts.stdout.length + texts.stderr.length;
    const room = this.outputLength <= MOST_OUTPUT_OF_ALL;
    const left = (total: number): string => (total === 0 ? '' : `[truncated: ${total} bytes left out]`);
    const place = this.groups.size;
    const group: ReportGroup = {
      step,
      status,
      reason: endingOf(result, this.options.limits),
      stdout: room ? texts.stdout : left(output.stdout.total),
      stderr: room ? texts.stderr : left(output.stderr.total),
    };
    this.groups.set(key, { place, group });
    return place;
  }

  private data(): ReportData {
    const { command, steps, startedAt, targets, limits } = this.options;
    const notes = targets.map(({ index }) => this.hosts.get(index) ?? noNotes());
    const begun = notes.flatMap(({ begun }) => begun ?? []).reduce((a, b) => Math.min(a, b), Infinity);
    const zero = Number.isFinite(begun) ? begun : startedAt.getTime();
    const offset = (time: number | null): number | null => (time === null ? null : Math.max(time - zero, 0));
    const hosts = notes.map((host, index): ReportHost => {
      const status = host.results.length === 0 ? 'skipped' : hostStatus(host.results);
      const worst = host.results.find((result) => result.status === status);
      return [
        targets[index]?.label ?? '',
        status,
        worst === undefined ? '' : endingOf(worst, limits),
        offset(host.begun),
        offset(host.connected),
        offset(host.ended),
        host.groups,
      ];
    });
    return {
      command,
      steps,
      startedAt: startedAt.toISOString(),
      durationMs: this.summary?.durationMs ?? 0,
      exitCode: this.summary?.exitCode ?? null,
      hosts,
      groups: [...this.groups.values()].map(({ group }) => group),
    };
  }
}
