import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000, maxWorkers: '100%' },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Most of them wait for servers most of the time.
          maxWorkers: 4,
          // A machine that is busy with other jobs can hold any answer up; what fails twice is broken.
          retry: process.env.CI === undefined ? 0 : 1,
        },
      },
    ],
  },
});
