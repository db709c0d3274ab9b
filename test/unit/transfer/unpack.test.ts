import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { Refused } from '../../../src/transfer/received-name.js';
import { Unpack } from '../../../src/transfer/unpack.js';
import { snapshot } from '../../integration/file-tree.js';
import { tempFolder } from '../temp-folder.js';

const temp = tempFolder();
let outer: string;
let folder: string;

beforeEach(() => {
  outer = temp.path;
  folder = join(outer, 'private');
  mkdirSync(folder);
});

interface Entry {
  readonly name: string;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'block-device' | 'character-device';
  readonly link?: string;
  readonly text?: string | Buffer;
  readonly mode?: number;
}

async function unpack(
  entries: readonly Entry[],
  tops = ['top'],
  root: string | null = null,
): Promise<Unpack> {
  const stream = pack();
  for (const { name, type = 'file', link, text = '', mode } of entries)
    stream.entry(
      {
        name,
        type,
        ...(link === undefined ? {} : { linkname: link }),
        ...(mode === undefined ? {} : { mode }),
      },
      text,
    );
  stream.finalize();
  const made = new Unpack({ folder, tops: new Set(tops), root, preserve: false, onContent: () => undefined });
  await made.read(stream as AsyncIterable<Buffer>);
  await made.finish();
  return made;
}

const FOLDER: Entry = { name: 'top', type: 'directory' };

describe('what a hostile host may send', () => {
  test.each<[what: string, entries: readonly Entry[]]>([
    ['a name with ..', [{ name: 'top/../../x', text: 'bad' }]],
    ['.. alone', [{ name: '..', type: 'directory' }]],
    ['a name that begins with ..', [{ name: '../x', text: 'bad' }]],
    ['an absolute name', [{ name: '/x', text: 'bad' }]],
    ['what was not asked for', [{ name: 'other', text: 'bad' }]],
    ['a link to the outside', [FOLDER, { name: 'top/l', type: 'symlink', link: '../..' }]],
    ['an absolute link', [FOLDER, { name: 'top/l', type: 'symlink', link: '/etc' }]],
    ['a link as the thing asked for', [{ name: 'top', type: 'symlink', link: 'other' }]],
    ['a link out of its tree', [FOLDER, { name: 'top/l', type: 'symlink', link: '../other' }]],
    [
      'a link that leads out by way of another',
      [
        FOLDER,
        { name: 'top/a', type: 'symlink', link: '.' },
        { name: 'top/b', type: 'symlink', link: 'a/a/../..' },
      ],
    ],
    [
      'a file through a link',
      [FOLDER, { name: 'top/l', type: 'symlink', link: '.' }, { name: 'top/l/x', text: 'bad' }],
    ],
    [
      'a folder over a link, and a file in it',
      [
        FOLDER,
        { name: 'top/l', type: 'symlink', link: '.' },
        { name: 'top/l', type: 'directory' },
        { name: 'top/l/x', text: 'bad' },
      ],
    ],
    [
      'a file over a link',
      [FOLDER, { name: 'top/l', type: 'symlink', link: 'y' }, { name: 'top/l', text: 'bad' }],
    ],
    ['a hard link to the outside', [FOLDER, { name: 'top/h', type: 'link', link: '../secret' }]],
    ['a hard link to an absolute name', [FOLDER, { name: 'top/h', type: 'link', link: '/etc/passwd' }]],
    [
      'a hard link to a link',
      [FOLDER, { name: 'top/l', type: 'symlink', link: 'y' }, { name: 'top/h', type: 'link', link: 'top/l' }],
    ],
    ['a pipe', [FOLDER, { name: 'top/p', type: 'fifo' }]],
    ['a device', [FOLDER, { name: 'top/d', type: 'block-device' }]],
    ['another device', [FOLDER, { name: 'top/d', type: 'character-device' }]],
    ['a name that is no UTF-8', [{ name: 'top/\ufffd', text: 'bad' }]],
  ])('%s is refused, and nothing stands outside', async (_, entries) => {
    writeFileSync(join(outer, 'secret'), 'secret');
    await expect(unpack(entries)).rejects.toThrow();
    expect(readdirSync(outer).sort()).toEqual(['private', 'secret']);
    expect(readFileSync(join(outer, 'secret'), 'utf8')).toBe('secret');
  });

  test('a refusal says what was sent', async () => {
    await expect(unpack([{ name: '../x' }])).rejects.toThrow(Refused);
    await expect(unpack([{ name: '../x' }])).rejects.toThrow('leads out of the folder, "../x"');
  });

  test('an archive that is cut short is an error', async () => {
    const made = new Unpack({
      folder,
      tops: new Set(['top']),
      root: null,
      preserve: false,
      onContent: () => undefined,
    });
    const stream = pack();
    stream.entry({ name: 'top' }, 'x'.repeat(5000));
    stream.finalize();
    const pieces: Buffer[] = [];
    for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
    const cut = Buffer.concat(pieces).subarray(0, 3000);
    await expect(
      made.read(
        (async function* () {
          yield cut;
        })(),
      ),
    ).rejects.toThrow();
  });

  test('set-user-id is not taken over', async () => {
    await unpack([{ name: 'top', text: 'x', mode: 0o4755 }]);
    expect(statSync(join(folder, 'top')).mode & 0o7000).toBe(0);
  });
});

describe('what an honest host sends', () => {
  test('files, folders, links in the tree and hard links to what has come', async () => {
    const made = await unpack([
      FOLDER,
      { name: './top/a', text: 'aa' },
      { name: 'top/sub/deeper/b', text: 'bbb' },
      { name: 'top/sub/l', type: 'symlink', link: '../a' },
      { name: 'top/same', type: 'link', link: './top/a' },
    ]);
    expect(made.bytes.get('top')).toBe(5);
    expect(readFileSync(join(folder, 'top/sub/l'), 'utf8')).toBe('aa');
    expect(statSync(join(folder, 'top/same')).ino).toBe(statSync(join(folder, 'top/a')).ino);
  });

  test('a folder that was sent as such gets its name', async () => {
    await unpack(
      [
        { name: './', type: 'directory' },
        { name: './x', text: 'x' },
      ],
      ['current'],
      'current',
    );
    expect(snapshot(folder).map((line) => line.split(' ')[0])).toEqual(['"current"', '"current/x"']);
  });

  test('zeros become holes, and the rest stays as it is', async () => {
    const text = Buffer.alloc(3_000_000);
    text.write('in the middle', 1_500_000);
    await unpack([{ name: 'top', text }]);
    expect(readFileSync(join(folder, 'top')).equals(text)).toBe(true);
    expect(statSync(join(folder, 'top')).blocks * 512).toBeLessThan(1_000_000);
  });

  test('what stood there before is not written to', async () => {
    symlinkSync(join(outer, 'secret'), join(folder, 'top'));
    writeFileSync(join(outer, 'secret'), 'secret');
    await expect(unpack([{ name: 'top', text: 'bad' }])).rejects.toThrow('EEXIST');
    expect(readFileSync(join(outer, 'secret'), 'utf8')).toBe('secret');
  });
});
