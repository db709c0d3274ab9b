import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

// The script alone, with 1000000, takes a minute; what grows with each task shows with fewer.
const MANY = 150_000;
const script = fileURLToPath(new URL('million.ts', import.meta.url));

// With --keep-order too, where results may wait for one another.
test.each([
  '',
  'ordered',
])('many tasks take no more memory than few (%s)', { timeout: 300_000 }, async (how) => {
  const args = ['--import', 'tsx', script, String(MANY), how];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 20 });
  const told = JSON.parse(stdout) as Record<'begun' | 'total' | 'ok' | 'bytes' | 'peakMb', number>;
  expect([told.begun, told.total, told.ok]).toEqual([MANY, MANY, MANY]);
  // A result of each was written.
  expect(told.bytes).toBeGreaterThan(MANY * 200);
  expect(told.peakMb).toBeLessThan(250);
});
