import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MILLION = 1_000_000;
const script = fileURLToPath(new URL('million.ts', import.meta.url));

// With --keep-order too, where results may wait for one another.
test.each(['', 'ordered'])(
  'a million tasks take no more memory than a thousand (%s)',
  { timeout: 600_000 },
  async (how) => {
    const args = ['--import', 'tsx', script, String(MILLION), how];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 20 });
    const told = JSON.parse(stdout) as Record<'begun' | 'total' | 'ok' | 'bytes' | 'peakMb', number>;
    expect([told.begun, told.total, told.ok]).toEqual([MILLION, MILLION, MILLION]);
    // A result of each was written.
    expect(told.bytes).toBeGreaterThan(MILLION * 200);
    expect(told.peakMb).toBeLessThan(250);
  },
);
