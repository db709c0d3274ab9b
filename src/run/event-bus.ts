import type { RunEvent, Sink } from '../core/events.js';

/** Hands each event to every sink. The promise, where one is given, is the slowest sink's: it holds the sender. */
export class EventBus<E = RunEvent> {
  constructor(
    private readonly sinks: readonly Sink<E>[],
    private readonly onSinkError: (error: unknown) => void,
  ) {}

  /** Somebody hears what is emitted. */
  get heard(): boolean {
    return this.sinks.length > 0;
  }

  emit(event: E): void | Promise<void> {
    const waits: Promise<void>[] = [];
    for (const sink of this.sinks) {
      const wait = this.guard(() => sink.event(event));
      if (wait !== undefined) waits.push(wait);
    }
    if (waits.length === 0) return undefined;
    return waits.length === 1 ? waits[0] : Promise.all(waits).then(() => undefined);
  }

  async end(): Promise<void> {
    for (const sink of this.sinks) await this.guard(() => sink.end?.());
  }

  // A view that fails (its reader went away, the disk is full) must not take the other hosts' results with it.
  private guard(work: () => void | Promise<void>): Promise<void> | undefined {
    try {
      return work()?.catch(this.onSinkError);
    } catch (error) {
      this.onSinkError(error);
      return undefined;
    }
  }
}
