import { closeSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { archive } from '../../../src/transfer/archive.js';
import type { LocalEntry } from '../../../src/transfer/local-source.js';
import { tempFolder } from '../temp-folder.js';

const temp = tempFolder();
const FIVE_GB = 5 * 1024 ** 3;

test('a file over 4 GB has its whole size in the archive', async () => {
  const file = join(temp.path, 'big');
  const open = openSync(file, 'w');
  ftruncateSync(open, FIVE_GB);
  closeSync(open);
  const common = { mode: 0o644, mtime: new Date(0), link: '' };
  const entry: LocalEntry = { ...common, path: file, name: 'big', kind: 'file', size: FIVE_GB };
  const reader = extract();
  const header = new Promise((resolve) => reader.once('entry', (read) => resolve(read)));
  for await (const piece of archive([entry], [], () => undefined)) {
    reader.write(piece);
    // The header is what is asked for: the zeros behind it are left unread.
    break;
  }
  expect(await header).toMatchObject({ name: 'files/big', size: FIVE_GB });
  reader.destroy();
  rmSync(file);
});
