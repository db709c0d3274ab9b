import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A folder for each test of the file, gone afterwards. */
export function tempFolder(): { readonly path: string; file(name: string): string } {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'pt-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
    file: (name) => join(path, name),
  };
}
