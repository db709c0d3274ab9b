import { createHash, type Hash } from 'node:crypto';
import { Capture } from '../core/capture.js';
import type { OutputEvent, RunEvent } from '../core/events.js';
import type { BlockStore } from '../core/output.js';
import type { Target } from '../core/target.js';
import type { Ending } from './outcome.js';

/** What one host's commands wrote, all steps together, and how they ended. */
export interface KeptHost {
  readonly target: Target;
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly endings: readonly Ending[];
  /** Equal for hosts that wrote the same and ended alike. */
  readonly identity: string;
}

export interface KeepOptions {
  /** Bytes kept of each stream of a host. */
  readonly maxOutput: number;
  readonly store: BlockStore;
  /** Steps of each host. */
  readonly steps: number;
  /** Told of a host of whose output not all could be kept. */
  readonly onCut: (target: Target) => void;
}

interface Stream {
  readonly capture: Capture;
  /** Of all that came, also of what is not kept. */
  readonly hash: Hash;
}

interface Host {
  readonly streams: Readonly<Record<OutputEvent['stream'], Stream>>;
  readonly endings: Ending[];
}

/** Keeps the output of the hosts that are at work, hashed as it comes. */
export class HostOutputs {
  private readonly hosts = new Map<number, Host>();

  constructor(private readonly options: KeepOptions) {}

  /** @returns the host whose last step this event has ended */
  event(event: RunEvent): KeptHost | null {
    if (event.type === 'output') {
      const { capture, hash } = this.host(event.target).streams[event.stream];
      capture.add(event.data);
      hash.update(event.data);
      return null;
    }
    if (event.type !== 'finished') return null;
    const { target, result } = event;
    const host = this.host(target);
    const { step, status, exitCode, signal, killed, error } = result;
    const skipped = result.skippedBy === undefined ? {} : { skippedBy: result.skippedBy };
    host.endings.push({ step, status, exitCode, signal, killed, error, ...skipped });
    if (host.endings.length < this.options.steps) return null;
    this.hosts.delete(target.index);
    return this.kept(target, host);
  }

  private kept(target: Target, { streams, endings }: Host): KeptHost {
    const stdout = streams.stdout.capture.end();
    const stderr = streams.stderr.capture.end();
    if (stdout.truncated || stderr.truncated) this.options.onCut(target);
    const ends = endings.map(({ status, exitCode, signal }) => [status, exitCode, signal]);
    const cut = [stdout.truncated, stderr.truncated];
    const digests = [streams.stdout.hash.digest('base64'), streams.stderr.hash.digest('base64')];
    return { target, stdout, stderr, endings, identity: JSON.stringify([...digests, ...cut, ends]) };
  }

  private host(target: Target): Host {
    let host = this.hosts.get(target.index);
    if (host === undefined) {
      host = { streams: { stdout: this.stream(), stderr: this.stream() }, endings: [] };
      this.hosts.set(target.index, host);
    }
    return host;
  }

  private stream(): Stream {
    const { maxOutput, store } = this.options;
    return { capture: new Capture(maxOutput, store), hash: createHash('sha256') };
  }
}
