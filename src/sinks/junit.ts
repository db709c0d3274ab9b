import type { RunEvent, Sink } from '../core/events.js';
import type { HostResult, Status } from '../core/result.js';
import { AtomicFile } from './atomic-file.js';
import { HostOutput, type KeptOutput } from './host-output.js';
import type { Limits } from './outcome.js';
import { endingOf } from './reason.js';
import { xmlAttribute, xmlText } from './xml-text.js';

export interface JunitOptions {
  readonly file: string;
  /** What was run: the name of the suite. */
  readonly command: string;
  /** Commands a host: with several, each is a case of its own. */
  readonly steps: number;
  readonly limits: Limits;
  /** Bytes kept of each stream of a command. */
  readonly maxOutput: number;
  readonly startedAt: Date;
}

// CI systems hold all of a report in memory, and some refuse large ones.
const MOST_OUTPUT = 256 * 1024;
const LONGEST_NAME = 200;

/** What a status is in JUnit's terms: a failure is the command's, an error somebody else's. */
const VERDICT = {
  ok: null,
  failed: 'failure',
  signaled: 'failure',
  'timed-out': 'error',
  canceled: 'error',
  unreachable: 'error',
  'auth-failed': 'error',
  'host-key-failed': 'error',
  disconnected: 'error',
  skipped: 'skipped',
} as const satisfies Record<Status, 'failure' | 'error' | 'skipped' | null>;

interface Counts {
  readonly tests: number;
  readonly failure: number;
  readonly error: number;
  readonly skipped: number;
  readonly ms: number;
}

/** `--junit`: a test case a host and command, in the order in which they ended. */
export class JunitSink implements Sink {
  private readonly file: AtomicFile;
  private readonly output: HostOutput;
  private readonly counts = { tests: 0, failure: 0, error: 0, skipped: 0, ms: 0 };
  private readonly room: number;

  /** @throws PsshError ERR_USAGE where the file can't be written */
  constructor(private readonly options: JunitOptions) {
    this.file = AtomicFile.create('--junit', options.file);
    this.output = new HostOutput(Math.min(options.maxOutput, MOST_OUTPUT));
    // The counts stand at the beginning and are known at the end: room is left for the longest ones.
    const most = 999_999_999;
    const widest = this.head({ tests: most, failure: most, error: most, skipped: most, ms: 1e14 });
    this.room = Buffer.byteLength(widest);
    this.file.write(this.paddedHead());
  }

  event(event: RunEvent): void {
    if (event.type === 'output') this.output.add(event);
    else if (event.type === 'finished') this.case(event.result, this.output.take(event.target));
    else if (event.type === 'summary') this.counts.ms = event.summary.durationMs;
  }

  end(): void {
    this.file.write('  </testsuite>\n</testsuites>\n');
    this.file.rewriteHead(this.paddedHead());
    this.file.commit();
  }

  discard(): void {
    this.file.discard();
  }

  private case(result: HostResult, output: KeptOutput): void {
    const { target, step, status, durationMs, command, error } = result;
    const verdict = VERDICT[status];
    this.counts.tests += 1;
    if (verdict !== null) this.counts[verdict] += 1;
    const name =
      this.options.steps > 1 ? `${target.label} [${step + 1}] ${shortened(command)}` : target.label;
    const message = xmlAttribute(endingOf(result, this.options.limits));
    const type = xmlAttribute(error?.code ?? status);
    const marks = {
      failure: `      <failure message="${message}" type="${type}">${message}</failure>\n`,
      error: `      <error message="${message}" type="${type}">${message}</error>\n`,
      skipped: `      <skipped message="${message}"/>\n`,
    };
    this.file.write(
      `    <testcase name="${xmlAttribute(name)}" classname="pssh-ts.exec" time="${seconds(durationMs)}">\n` +
        `${verdict === null ? '' : marks[verdict]}${stream('system-out', output.stdout.text())}` +
        `${stream('system-err', output.stderr.text())}    </testcase>\n`,
    );
  }

  private paddedHead(): string {
    const head = this.head(this.counts);
    const padding = ' '.repeat(this.room - Buffer.byteLength(head));
    return head.replace(/>\n$/, `${padding}>\n`);
  }

  private head({ tests, failure, error, skipped, ms }: Counts): string {
    const name = xmlAttribute(shortened(this.options.command));
    const counts = `tests="${tests}" failures="${failure}" errors="${error}"`;
    // JUnit's schemas want a time without a zone; it is UTC.
    const timestamp = this.options.startedAt.toISOString().slice(0, 19);
    return (
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<testsuites name="pssh-ts" ${counts} time="${seconds(ms)}">\n` +
      `  <testsuite name="${name}" ${counts} skipped="${skipped}" time="${seconds(ms)}" timestamp="${timestamp}">\n`
    );
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function stream(name: string, text: string): string {
  return text === '' ? '' : `      <${name}>${xmlText(text)}</${name}>\n`;
}

function shortened(text: string): string {
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text;
}
