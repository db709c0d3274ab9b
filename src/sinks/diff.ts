import type { RunEvent, Sink } from '../core/events.js';
import { foldNames } from '../core/fold.js';
import type { Output } from '../core/output.js';
import { type BlockStyle, blockHead, blockOutput } from './block.js';
import { Fence } from './fence.js';
import type { GatherOptions } from './gather.js';
import { type Group, Groups, hasOutput, hasRun } from './groups.js';
import { HostOutputs } from './host-outputs.js';
import { shownOutput } from './shown-output.js';
import { terminalSafe } from './terminal-safe.js';

const COLOR: Readonly<Record<string, string>> = { '-': '\u001b[31m', '+': '\u001b[32m', '@': '\u001b[36m' };
const RESET = '\u001b[0m';

/** `--diff`: the most common output, then what is different in each other group. */
export class DiffSink implements Sink {
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
    const groups = this.groups.list().filter((group) => hasOutput(group) || hasRun(group));
    const [base, ...others] = groups;
    if (base === undefined || !groups.some(hasOutput)) return;
    const { stdout, style } = this.options;
    const fence = new Fence();
    for (const group of groups) {
      // A line that is gone has one more dash.
      fence.cover(group.stdout, 1);
      fence.cover(group.stderr, 1);
    }
    await stdout.write(blockHead(base, fence, style));
    for (const piece of blockOutput(base, fence, style)) await stdout.write(piece);
    if (others.length === 0) return;
    // Loaded when it is needed: the other views start without it.
    const { DiffTime, lineDiff } = await import('./line-diff.js');
    const time = new DiffTime();
    const compare: Compare = (before, after) => lineDiff(before, after, time);
    for (const group of others) await this.show(base, group, fence, compare);
  }

  private async show(base: Group, group: Group, fence: Fence, compare: Compare): Promise<void> {
    const { stdout, style } = this.options;
    const parts = difference(base, group, fence, style, compare);
    await stdout.write(blockHead(group, fence, style, ...(parts.length === 0 ? ['same output'] : [])));
    for (const part of parts) for (const piece of part) await stdout.write(piece);
  }
}

type Compare = (before: Output, after: Output) => readonly string[] | null;

function difference(
  base: Group,
  group: Group,
  fence: Fence,
  style: BlockStyle,
  compare: Compare,
): Iterable<Uint8Array | string>[] {
  const name = (labels: readonly string[], stream: string): string =>
    `${terminalSafe(foldNames(labels))}${stream}`;
  const parts: Iterable<Uint8Array | string>[] = [];
  for (const [stream, suffix] of [['stdout', ''] as const, ['stderr', ' (stderr)'] as const]) {
    const lines = compare(base[stream], group[stream]);
    if (lines === null) {
      parts.push([`${fence.line} ${stream}: too different to compare, shown whole\n`]);
      parts.push(shownOutput(group[stream], style.terminal));
    } else if (lines.length > 0) {
      parts.push([`--- ${name(base.labels, suffix)}\n+++ ${name(group.labels, suffix)}\n`]);
      parts.push(lines.map((line) => diffLine(line, style)));
    }
  }
  return parts;
}

function diffLine(line: string, style: BlockStyle): Uint8Array | string {
  const bytes = Buffer.from(`${line}\n`, 'latin1');
  const shown = style.terminal ? Buffer.from(terminalSafe(bytes.toString())) : bytes;
  const color = style.color ? COLOR[line[0] ?? ''] : undefined;
  return color === undefined
    ? shown
    : Buffer.concat([Buffer.from(color), shown.subarray(0, -1), Buffer.from(`${RESET}\n`)]);
}
