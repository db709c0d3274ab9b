import { expect, test } from 'vitest';
import type { Task } from '../../../../src/core/map/task.js';
import { TaskQueue, type Work } from '../../../../src/run/map/task-queue.js';
import { makeTask } from '../../map-results.js';

async function* batches(...sizes: number[]): AsyncGenerator<Task[]> {
  let from = 1;
  for (const size of sizes) {
    const first = from;
    yield Array.from({ length: size }, (_, place) => makeTask(first + place));
    from += size;
  }
}

interface Scene {
  readonly queue: TaskQueue;
  readonly told: string[];
}

function scene(
  source: AsyncIterator<readonly Task[]>,
  hosts: readonly object[],
  most = Number.POSITIVE_INFINITY,
): Scene {
  const told: string[] = [];
  const queue = new TaskQueue({
    batches: source,
    mostBegun: () => most,
    onStalled: () => told.push('stalled'),
    onOver: () => told.push('over'),
    onFault: (error) => told.push((error as Error).message),
  });
  for (const host of hosts) queue.enter(host);
  return { queue, told };
}

const seqOf = (work: Work | null): number | null => work?.task.seq ?? null;
const a = { name: 'a' };
const b = { name: 'b' };

test('whoever asks gets the next; the end comes once all are done', async () => {
  const { queue, told } = scene(batches(2, 1), [a, b]);
  expect([seqOf(await queue.take(a)), seqOf(await queue.take(b)), seqOf(await queue.take(a))]).toEqual([
    1, 2, 3,
  ]);
  const waiting = queue.take(b);
  queue.done();
  queue.done();
  expect(told).not.toContain('over');
  queue.done();
  expect(await waiting).toBeNull();
  expect([queue.isOver, queue.isRead, told.at(-1)]).toEqual([true, true, 'over']);
});

test('what failed on one goes to another, and back only where there is no other', async () => {
  const { queue } = scene(batches(1), [a, b]);
  const work = await queue.take(a);
  if (work === null) throw new Error('no task');
  work.avoid = new Set([a]);
  const first = queue.take(a);
  queue.putBack(work);
  expect(seqOf(await queue.take(b))).toBe(1);
  work.avoid.add(b);
  queue.putBack(work);
  expect(seqOf(await first)).toBe(1);
});

test('a task that waits for another host goes to the same where that one leaves', async () => {
  const { queue } = scene(batches(1), [a, b]);
  const work = await queue.take(a);
  if (work === null) throw new Error('no task');
  work.avoid = new Set([a]);
  queue.putBack(work);
  const again = queue.take(a);
  queue.leave(b);
  expect(seqOf(await again)).toBe(1);
});

test('a host that has left gets nothing, and without any the rest can be had', async () => {
  const { queue } = scene(batches(3), [a]);
  expect(seqOf(await queue.take(a))).toBe(1);
  const waiting = queue.take(a);
  expect(seqOf(await waiting)).toBe(2);
  queue.leave(a);
  expect(await queue.take(a)).toBeNull();
  expect(queue.isDeserted).toBe(true);
  const rest: (number | null)[] = [];
  for await (const work of queue.rest(true)) rest.push(seqOf(work));
  expect(rest).toEqual([3]);
});

test('no more are begun than may be, and who holds something back is told', async () => {
  const { queue, told } = scene(batches(2), [a], 1);
  expect(seqOf(await queue.take(a))).toBe(1);
  void queue.take(a);
  queue.done();
  expect(told).toContain('stalled');
});

test('after a stop nobody gets anything', async () => {
  const { queue } = scene(batches(5), [a]);
  await queue.take(a);
  const waiting = queue.take(b);
  queue.stop();
  expect([await waiting, await queue.take(a), queue.isOver]).toEqual([null, null, true]);
});

test('input that can not be read is told, and what was read is done', async () => {
  const broken = async function* (): AsyncGenerator<Task[]> {
    yield [makeTask(1)];
    throw new Error('torn');
  };
  const { queue, told } = scene(broken(), [a]);
  expect(seqOf(await queue.take(a))).toBe(1);
  const next = queue.take(a);
  queue.done();
  expect(await next).toBeNull();
  expect(told).toContain('torn');
});
