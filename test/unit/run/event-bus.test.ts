import { describe, expect, it } from 'vitest';
import type { RunEvent, Sink } from '../../../src/core/events.js';
import { EventBus } from '../../../src/run/event-bus.js';
import { outputEvent } from '../make.js';

const EVENT = outputEvent('x\n');

function bus(...sinks: Sink[]): { readonly bus: EventBus; readonly errors: unknown[] } {
  const errors: unknown[] = [];
  return { bus: new EventBus(sinks, (error) => errors.push(error)), errors };
}

function recorder(): Sink & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    event: (event: RunEvent) => {
      seen.push(event.type);
    },
    end: () => {
      seen.push('end');
    },
  };
}

function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

describe('EventBus', () => {
  it('hands every event to every sink, in the order of the sinks', async () => {
    const order: number[] = [];
    const sinks = [0, 1, 2].map((place): Sink => ({ event: () => void order.push(place) }));
    const { bus: subject } = bus(...sinks);
    expect(subject.emit(EVENT)).toBeUndefined();
    expect(order).toEqual([0, 1, 2]);
  });

  const fault = new Error('disk full');
  it.each<[string, Sink]>([
    [
      'throws',
      {
        event: () => {
          throw fault;
        },
        end: () => {
          throw fault;
        },
      },
    ],
    ['rejects', { event: () => Promise.reject(fault), end: () => Promise.reject(fault) }],
  ])('a sink that %s stops neither the others nor the sender', async (_how, failing) => {
    const before = recorder();
    const after = recorder();
    const { bus: subject, errors } = bus(before, failing, after);
    await subject.emit(EVENT);
    await subject.emit(EVENT);
    await subject.end();
    expect(before.seen).toEqual(['output', 'output', 'end']);
    expect(after.seen).toEqual(['output', 'output', 'end']);
    expect(errors).toEqual([fault, fault, fault]);
  });

  it('holds the sender until the slowest sink has caught up', async () => {
    const [quick, slow] = [gate(), gate()];
    const { bus: subject } = bus(recorder(), { event: () => quick.promise }, { event: () => slow.promise });
    let sent = false;
    const wait = Promise.resolve(subject.emit(EVENT)).then(() => {
      sent = true;
    });
    quick.open();
    await quick.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBe(false);
    slow.open();
    await wait;
    expect(sent).toBe(true);
  });

  it('ends the sinks one after another, those without an end too', async () => {
    const first = gate();
    const last = recorder();
    const { bus: subject } = bus(
      { event: () => undefined, end: () => first.promise },
      { event: () => undefined },
      last,
    );
    const ended = subject.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(last.seen).toEqual([]);
    first.open();
    await ended;
    expect(last.seen).toEqual(['end']);
  });
});
