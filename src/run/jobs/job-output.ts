import { Capture } from '../../core/capture.js';
import type { OutputEvent, RunEvent, Sink, StreamName } from '../../core/events.js';
import { NO_OUTPUT, type Output } from '../../core/output.js';
import type { StepContext } from '../run-step.js';
import { type JobReport, parseReport } from './job-report.js';
import { BEGIN } from './job-scripts.js';

const MOST_TOLD = 4 * 1024 * 1024;
const MOST_SAID = 4 * 1024;

interface StreamState {
  /** The job's own output has begun, over this connection. */
  begun: boolean;
  /** A line that has not ended yet, or is cut: kept until it is known whether the connection was. */
  held: OutputEvent | null;
  /** Bytes of the job's output handed on, over all connections. */
  received: number;
  readonly capture: Capture | null;
}

/** Takes a script's output apart: what it tells us, and the job's own output, which goes to the views. */
export class JobOutput implements Sink {
  private told: JobReport[] = [];
  private toldBytes = 0;
  private errors = '';
  private readonly streams: Readonly<Record<StreamName, StreamState>>;

  constructor(private readonly context: Pick<StepContext, 'bus' | 'options' | 'store'>) {
    const { options, store } = context;
    const stream = (): StreamState => ({
      begun: false,
      held: null,
      received: 0,
      capture: options.capture ? new Capture(options.maxOutput, store) : null,
    });
    this.streams = { stdout: stream(), stderr: stream() };
  }

  get reports(): readonly JobReport[] {
    return this.told;
  }

  /** What the script said on stderr, its last words. */
  get lastWords(): string {
    return this.errors.trim().split('\n').at(-1)?.trim() ?? '';
  }

  get received(): { readonly stdout: number; readonly stderr: number } {
    return { stdout: this.streams.stdout.received, stderr: this.streams.stderr.received };
  }

  /** The kept output. */
  get kept(): { readonly stdout: Output; readonly stderr: Output; readonly truncated: boolean } {
    const { stdout, stderr } = this.streams;
    return {
      stdout: stdout.capture?.end() ?? NO_OUTPUT,
      stderr: stderr.capture?.end() ?? NO_OUTPUT,
      truncated: stdout.capture?.truncated === true || stderr.capture?.truncated === true,
    };
  }

  event(event: RunEvent): void | Promise<void> {
    if (event.type === 'note' || event.type === 'connecting') return this.context.bus.emit(event);
    if (event.type !== 'output') return undefined;
    const state = this.streams[event.stream];
    if (state.begun) return this.take(state, event);
    const bytes = Buffer.from(event.data);
    const at = bytes.indexOf(BEGIN);
    this.read(event.stream, bytes.subarray(0, at === -1 ? bytes.length : at).toString());
    if (at === -1) return undefined;
    state.begun = true;
    const data = bytes.subarray(at + BEGIN.length);
    return data.length === 0 ? undefined : this.take(state, { ...event, data });
  }

  /** The connection was lost: what was cut comes whole over the next one. */
  lost(): void {
    for (const state of Object.values(this.streams)) {
      state.held = null;
      state.begun = false;
    }
    this.told = [];
    this.errors = '';
  }

  /** Nothing further comes. */
  async ended(): Promise<void> {
    for (const state of Object.values(this.streams)) await this.release(state);
  }

  private async take(state: StreamState, event: OutputEvent): Promise<void> {
    await this.release(state);
    if (event.partial) state.held = event;
    else await this.pass(state, event);
  }

  private async release(state: StreamState): Promise<void> {
    const { held } = state;
    state.held = null;
    if (held !== null) await this.pass(state, held);
  }

  private async pass(state: StreamState, event: OutputEvent): Promise<void> {
    state.received += event.data.length;
    state.capture?.add(event.data);
    await this.context.bus.emit(event);
  }

  private read(stream: StreamName, text: string): void {
    if (stream === 'stderr') {
      this.errors = `${this.errors}${text}`.slice(-MOST_SAID);
      return;
    }
    this.toldBytes += text.length;
    if (this.toldBytes > MOST_TOLD) return;
    for (const line of text.split('\n')) {
      const report = parseReport(line);
      if (report !== null) this.told.push(report);
    }
  }
}
