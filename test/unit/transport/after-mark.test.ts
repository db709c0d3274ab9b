import { expect, test } from 'vitest';
import { AfterMark } from '../../../src/transport/after-mark.js';

async function through(pieces: readonly string[], mark = 'MARK'): Promise<string> {
  const stream = new AfterMark(mark);
  for (const piece of pieces) stream.write(piece);
  stream.end();
  return Buffer.concat(await stream.toArray()).toString();
}

test.each([
  ['one piece', ['banner\nMARK\nerr\n']],
  ['a mark cut in two', ['banner\nMA', 'RK\nerr\n']],
  ['a mark in a piece of its own', ['banner\n', 'MARK\n', 'err\n']],
  ['byte by byte', [...'banner\nMARK\nerr\n']],
  ['no banner', ['MARK\n', 'err\n']],
])('what stands before the mark is dropped: %s', async (_, pieces) => {
  expect(await through(pieces)).toBe('err\n');
});

test('nothing after the mark is nothing', async () => {
  expect(await through(['banner\nMARK\n'])).toBe('');
});

test('a second mark is what the command said', async () => {
  expect(await through(['MARK\nMARK\n'])).toBe('MARK\n');
});

test('where the mark does not come, nothing is lost', async () => {
  expect(await through(['err', 'or\n'])).toBe('error\n');
  const stream = new AfterMark('MARK');
  stream.write('held');
  stream.pass();
  stream.end(' and more');
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('held and more');
  await stream.seen;
});
