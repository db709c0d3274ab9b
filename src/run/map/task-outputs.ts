import { Capture } from '../../core/capture.js';
import type { StreamName } from '../../core/events.js';
import type { MapEvent, TaskResult } from '../../core/map/task.js';
import { type BlockStore, NO_OUTPUT, type Output } from '../../core/output.js';
import type { Target } from '../../core/target.js';
import { nowMs } from '../../ssh/now.js';
import type { Channel } from '../../transport/transport.js';
import type { EventBus } from '../event-bus.js';
import { LineSplitter } from '../lines.js';
import type { MapOptions } from './options.js';
import type { Work } from './task-queue.js';

const TICK_MS = 50;

interface OutputsContext {
  readonly target: Target;
  readonly options: MapOptions;
  readonly bus: EventBus<MapEvent>;
  readonly store: BlockStore;
}

/** What one try of a task says: kept for its result, told as it comes, or both. Nothing is made for a silent stream. */
export class TaskOutputs {
  private readonly kept: Partial<Record<StreamName, Capture>> = {};
  private reading: Promise<void> = Promise.resolve();
  private left = 0;
  /** Pieces that a slow view has in hand. */
  private held = 0;

  constructor(
    private readonly work: Work,
    private readonly context: OutputsContext,
  ) {}

  /** Reads both streams. @returns when both have ended */
  read(channel: Channel): Promise<void> {
    this.left = 2;
    this.reading = new Promise((resolve) => {
      const done = (): void => {
        this.left -= 1;
        if (this.left === 0) resolve();
      };
      this.pump(channel, 'stdout', done);
      this.pump(channel, 'stderr', done);
    });
    return this.reading;
  }

  /** Whether all was read within a time that does not run while a reader of ours holds it up. */
  async isRead(ms: number): Promise<boolean> {
    if (this.left === 0) return true;
    return new Promise((resolve) => {
      let left = ms;
      let last = nowMs();
      const timer = setInterval(() => {
        const now = nowMs();
        if (this.held === 0) left -= now - last;
        last = now;
        if (left > 0) return;
        clearInterval(timer);
        resolve(false);
      }, TICK_MS);
      void this.reading.then(() => {
        clearInterval(timer);
        resolve(true);
      });
    });
  }

  end(): Pick<TaskResult, 'stdout' | 'stderr' | 'truncated'> {
    const { stdout, stderr } = this.kept;
    return {
      stdout: stdout?.end() ?? NO_OUTPUT,
      stderr: stderr?.end() ?? NO_OUTPUT,
      truncated: stdout?.truncated === true || stderr?.truncated === true,
    };
  }

  private pump(channel: Channel, name: StreamName, done: () => void): void {
    const { options, bus, target } = this.context;
    const { task } = this.work;
    const stream = channel[name];
    const lines = options.lines
      ? new LineSplitter((data, partial) =>
          bus.emit({ type: 'output', time: Date.now(), task, target, stream: name, data, partial }),
        )
      : null;
    let taken: Promise<void> | null = null;
    stream.on('data', (chunk: Buffer) => {
      if (options.capture) this.captureOf(name).add(chunk);
      const wait = lines?.push(chunk);
      if (wait === undefined) return;
      stream.pause();
      this.held += 1;
      taken = wait.then(() => {
        this.held -= 1;
        stream.resume();
      });
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      if (lines === null) done();
      else void (taken ?? Promise.resolve()).then(() => lines.flush()).then(done, done);
    });
  }

  private captureOf(name: StreamName): Capture {
    const { options, store } = this.context;
    const capture = this.kept[name] ?? new Capture(options.maxOutput, store);
    this.kept[name] = capture;
    return capture;
  }
}

/** Its room is given back: everybody has seen it. */
export function discardOutput({ stdout, stderr }: TaskResult): void {
  for (const output of [stdout, stderr] as Output[]) if (output instanceof Capture) output.discard();
}
