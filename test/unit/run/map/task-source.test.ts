import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { KnownTasks } from '../../../../src/core/map/joblog.js';
import type { Task } from '../../../../src/core/map/task.js';
import { taskBatches, type ValueSource } from '../../../../src/run/map/task-source.js';

const lines = (chunks: readonly (string | Uint8Array)[], end: '\n' | '\0' = '\n'): ValueSource => ({
  kind: 'lines',
  name: 'list',
  open: () => Readable.from(chunks.map((chunk) => Buffer.from(chunk))),
  end,
});
const list = (...values: string[]): ValueSource => ({ kind: 'list', values });

async function all(sources: readonly ValueSource[], more: object = {}): Promise<Task[]> {
  const tasks: Task[] = [];
  for await (const batch of taskBatches({ command: 'echo', sources, ...more })) tasks.push(...batch);
  return tasks;
}
const values = async (...sources: ValueSource[]): Promise<string[]> =>
  (await all(sources)).map((task) => task.values.join('|'));

test('lines, wherever the chunks are cut; the last may have no end', async () => {
  expect(await values(lines(['a\nb', 'c\n\nd']))).toEqual(['a', 'bc', '', 'd']);
  expect(await values(lines(['a\n']))).toEqual(['a']);
  expect(await values(lines([]))).toEqual([]);
  const umlaut = Buffer.from('ä\nö');
  expect(await values(lines([umlaut.subarray(0, 1), umlaut.subarray(1)]))).toEqual(['ä', 'ö']);
  expect(await values(lines(['a\r\nb\r\n']))).toEqual(['a', 'b']);
  expect(await values(lines(['a\nb\0c\r\0'], '\0'))).toEqual(['a\nb', 'c\r']);
});

test('every combination, the last source changing first, numbered from 1', async () => {
  expect(await values(list('a', 'b'), lines(['1\n2\n']), list('x'))).toEqual([
    'a|1|x',
    'a|2|x',
    'b|1|x',
    'b|2|x',
  ]);
  expect((await all([list('a', 'b'), list('c', 'd')])).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(await values(list('a'), list())).toEqual([]);
});

test('the key is what a task is, not where it stands', async () => {
  const [a, b, again] = await all([list('a', 'b', 'a')]);
  expect(a?.key).toMatch(/^[0-9a-f]{16}$/);
  expect([a?.key === b?.key, a?.key === again?.key]).toEqual([false, true]);
  const [two] = await all([list('a'), list('b')]);
  const [one] = await all([list('a b')]);
  expect(two?.key).not.toBe(one?.key);
});

test('what is known is left out and keeps its number', async () => {
  const known = new KnownTasks();
  for (const { key } of await all([list('b', 'c')])) known.add({ key, known: 'ok' });
  let count = 0;
  const rest = await all([list('a', 'b', 'c', 'd', 'b')], {
    known: { tasks: known, failedToo: true },
    onKnown: () => (count += 1),
  });
  expect([rest.map(({ seq, values: [value] }) => [seq, value]), count]).toEqual([
    [
      [1, 'a'],
      [4, 'd'],
      [5, 'b'],
    ],
    2,
  ]);
});

test('shares are disjoint and complete, whatever the order', async () => {
  const names = Array.from({ length: 100 }, (_, place) => `value ${place}`);
  const shares = await Promise.all(
    [1, 2, 3].map((index) =>
      all([list(...(index === 2 ? [...names].reverse() : names))], { shard: { index, total: 3 } }),
    ),
  );
  expect(
    shares
      .flat()
      .map(({ values: [value] }) => value)
      .sort(),
  ).toEqual([...names].sort());
});

test.each([
  [lines([Buffer.from([0x61, 0x0a, 0xff, 0x0a])]), /list: behind value 0 are bytes that are no UTF-8/],
  [lines(['x'.repeat(2 ** 20 + 1)]), /list: value 1 is longer than a command can be/],
])('%# is refused', async (source, message) => {
  await expect(all([source])).rejects.toThrow(message);
});
