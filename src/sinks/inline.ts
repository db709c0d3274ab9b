import type { RunEvent, Sink } from '../core/events.js';
import { type BlockStyle, blockHead, blockOutput } from './block.js';
import { Fence } from './fence.js';
import { hasOutput } from './groups.js';
import { HostOutputs, type KeepOptions, type KeptHost } from './host-outputs.js';
import type { Writer } from './writer.js';

export interface InlineOptions extends KeepOptions {
  readonly stdout: Writer;
  readonly style: BlockStyle;
}

/** `--inline`: the output of each host in one piece, when the host is done. */
export class InlineSink implements Sink {
  private readonly outputs: HostOutputs;
  private readonly fence = new Fence();

  constructor(private readonly options: InlineOptions) {
    this.outputs = new HostOutputs(options);
  }

  event(event: RunEvent): void | Promise<void> {
    const host = this.outputs.event(event);
    return host === null || !hasOutput(host) ? undefined : this.show(host);
  }

  private async show({ target, stdout, stderr, endings }: KeptHost): Promise<void> {
    const { stdout: writer, style } = this.options;
    const { fence } = this;
    const truncated = stdout.truncated || stderr.truncated;
    const group = { labels: [target.label], stdout, stderr, endings, truncated };
    const pieces = function* () {
      fence.cover(stdout);
      fence.cover(stderr);
      yield blockHead(group, fence, style);
      yield* blockOutput(group, fence, style);
    };
    await writer.writeAll(pieces());
    stdout.discard();
    stderr.discard();
  }
}
