import type { OutputEvent, StreamName } from '../core/events.js';
import type { Target } from '../core/target.js';
import { HeadTail } from './head-tail.js';

export type KeptOutput = Readonly<Record<StreamName, HeadTail>>;

/** The output of the commands at work, a bounded part of each stream, until it is taken when one has ended. */
export class HostOutput {
  private readonly atWork = new Map<number, KeptOutput>();

  /** @param limit bytes kept of each stream */
  constructor(private readonly limit: number) {}

  add({ target, stream, data }: OutputEvent): void {
    let kept = this.atWork.get(target.index);
    if (kept === undefined) {
      kept = this.nothing();
      this.atWork.set(target.index, kept);
    }
    kept[stream].add(data);
  }

  take({ index }: Target): KeptOutput {
    const kept = this.atWork.get(index) ?? this.nothing();
    this.atWork.delete(index);
    return kept;
  }

  private nothing(): KeptOutput {
    return { stdout: new HeadTail(this.limit), stderr: new HeadTail(this.limit) };
  }
}
