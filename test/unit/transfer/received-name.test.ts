import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkLink, nameParts } from '../../../src/transfer/received-name.js';

test('whatever a host calls a file, its parts stay below the folder', () => {
  const part = fc.constantFrom('..', '.', '', 'a', 'b.c', '...', '-x', ' ');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      let read: readonly string[];
      try {
        read = nameParts(parts.join('/'));
      } catch {
        return;
      }
      const full = path.join('/folder', ...read);
      expect(full === '/folder' || full.startsWith('/folder/')).toBe(true);
    }),
  );
});

test('a link that passes leads nowhere above the top of its tree', () => {
  const step = fc.constantFrom('..', '.', 'a', 'b');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      (depth, steps) => {
        const parts = ['top', ...Array.from({ length: depth }, (_, place) => `d${place}`)];
        try {
          checkLink(parts, steps.join('/'));
        } catch {
          return;
        }
        const full = path.join('/', ...parts.slice(0, -1), ...steps);
        expect(full === '/top' || full.startsWith('/top/')).toBe(true);
      },
    ),
  );
});
