import type { RunEvent, Sink } from '../core/events.js';
import { type BlockStyle, blockHead, blockOutput } from './block.js';
import { Fence } from './fence.js';
import { Groups, hasOutput, hasRun } from './groups.js';
import { HostOutputs, type KeepOptions } from './host-outputs.js';
import type { Writer } from './writer.js';

export interface GatherOptions extends KeepOptions {
  readonly stdout: Writer;
  readonly style: BlockStyle;
}

/** `-b`: identical outputs once, under the names of their hosts; the largest group first. */
export class GatherSink implements Sink {
  private readonly outputs: HostOutputs;
  private readonly groups = new Groups();

  constructor(private readonly options: GatherOptions) {
    this.outputs = new HostOutputs(options);
  }

  event(event: RunEvent): void {
    const host = this.outputs.event(event);
    if (host !== null) this.groups.add(host);
  }

  async end(): Promise<void> {
    const { stdout, style } = this.options;
    const groups = this.groups.list();
    // Hosts that said nothing are news only beside others that did; those that never ran are the summary's.
    const shown = groups.some(hasOutput) ? groups.filter((group) => hasOutput(group) || hasRun(group)) : [];
    const fence = new Fence();
    for (const group of shown) {
      fence.cover(group.stdout);
      fence.cover(group.stderr);
    }
    for (const group of shown) {
      await stdout.write(blockHead(group, fence, style));
      for (const piece of blockOutput(group, fence, style)) await stdout.write(piece);
    }
  }
}
