import { expect, test } from 'vitest';
import type { MapEvent, TaskResult } from '../../../../src/core/map/task.js';
import { EventBus } from '../../../../src/run/event-bus.js';
import { Delivery } from '../../../../src/run/map/delivery.js';
import { makeTask, makeTaskResult } from '../../map-results.js';

const resultAt = (order: number): TaskResult => makeTaskResult({ order, task: makeTask(order + 1) });

function scene(inOrder: boolean, slow = false) {
  const kept: number[] = [];
  const shown: number[] = [];
  const into = (list: number[], wait: boolean) =>
    new EventBus<MapEvent>(
      [
        {
          event: async (event) => {
            if (wait) await Promise.resolve();
            if (event.type === 'finished') list.push(event.result.order);
          },
        },
      ],
      (error) => {
        throw error;
      },
    );
  const delivery = new Delivery({
    ...{ records: into(kept, false), views: into(shown, slow), inOrder },
    onResult: () => undefined,
    onShown: () => undefined,
  });
  return { delivery, kept, shown };
}

test.each([false, true])(
  'in order: each is shown after those before it, and recorded at once (slow: %s)',
  async (slow) => {
    const { delivery, kept, shown } = scene(true, slow);
    for (const order of [2, 0, 3, 1]) void delivery.deliver(resultAt(order));
    await delivery.end();
    expect([kept, shown]).toEqual([
      [2, 0, 3, 1],
      [0, 1, 2, 3],
    ]);
  },
);

test('one after the other, none is forgotten between two looks', async () => {
  const { delivery, shown } = scene(true, true);
  for (let order = 0; order < 50; order += 1) await delivery.deliver(resultAt(order));
  expect(shown).toEqual(Array.from({ length: 50 }, (_, order) => order));
});

test('what waits for a result that never comes is shown at the end', async () => {
  const { delivery, shown } = scene(true);
  void delivery.deliver(resultAt(3));
  void delivery.deliver(resultAt(2));
  await delivery.end();
  expect(shown).toEqual([2, 3]);
});

test('else as they come', async () => {
  const { delivery, shown } = scene(false);
  for (const order of [2, 0]) await delivery.deliver(resultAt(order));
  expect(shown).toEqual([2, 0]);
});
