import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRuntimeDir } from '../../../src/master/runtime-dir.js';
import { tempFolder } from '../temp-folder.js';

const folder = tempFolder();
const before = process.env.TMPDIR;
let shared: string;
let fallback: string;
beforeEach(() => {
  shared = folder.file('run');
  mkdirSync(shared, { mode: 0o700 });
  const temp = folder.file('tmp');
  mkdirSync(temp);
  process.env.TMPDIR = temp;
  fallback = `${temp}/pssh-ts-${userInfo().uid}`;
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

const open = async (XDG_RUNTIME_DIR?: string) =>
  openRuntimeDir(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR });

describe('openRuntimeDir', () => {
  it('makes a private folder in XDG_RUNTIME_DIR, and takes it again', async () => {
    const umask = process.umask(0);
    try {
      expect(await open(shared)).toEqual({ path: `${shared}/pssh-ts`, notes: [] });
    } finally {
      process.umask(umask);
    }
    expect(statSync(`${shared}/pssh-ts`).mode & 0o777).toBe(0o700);
    expect(await open(shared)).toEqual({ path: `${shared}/pssh-ts`, notes: [] });
  });

  it.each([undefined, '', 'relative/run'])('with XDG_RUNTIME_DIR %j it is the temp folder', async (value) => {
    expect(await open(value)).toEqual({ path: fallback, notes: [] });
    expect(statSync(fallback).mode & 0o777).toBe(0o700);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'we ourselves can not write',
      () => mkdirSync(`${shared}/pssh-ts`, { mode: 0o500 }),
      /mode 500 shuts us out/,
    ],
    ['the group can enter', () => mkdirSync(`${shared}/pssh-ts`, { mode: 0o750 }), /mode 750/],
    [
      'others can write',
      () => {
        mkdirSync(`${shared}/pssh-ts`);
        chmodSync(`${shared}/pssh-ts`, 0o707);
      },
      /mode 707/,
    ],
    [
      'is a symbolic link, even to a private folder',
      () => symlinkSync(shared, `${shared}/pssh-ts`),
      /symbolic link/,
    ],
    ['is a link to nothing', () => symlinkSync('/nonexistent', `${shared}/pssh-ts`), /symbolic link/],
    ['is a file', () => writeFileSync(`${shared}/pssh-ts`, ''), /no folder/],
  ])('passes over one that %s, and says so', async (_what, prepare, fault) => {
    prepare();
    const { path, notes } = await open(shared);
    expect(path).toBe(fallback);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`${shared}/pssh-ts is passed over`);
    expect(notes[0]).toMatch(fault);
  });

  it('passes over one in a place where others could put another in its stead', async () => {
    chmodSync(shared, 0o777);
    const { path, notes } = await open(shared);
    expect(path).toBe(fallback);
    expect(notes[0]).toMatch(/others can write XDG_RUNTIME_DIR \(mode 777\)/);
    chmodSync(shared, 0o1777);
    expect(await open(shared)).toEqual({ path: `${shared}/pssh-ts`, notes: [] });
  });

  it('passes over one whose path leaves no room for a socket', async () => {
    const long = folder.file('x'.repeat(80));
    mkdirSync(long, { mode: 0o700 });
    const { path, notes } = await open(long);
    expect(path).toBe(fallback);
    expect(notes[0]).toMatch(/longer than \d+ bytes/);
    expect(readdirSync(long)).toEqual([]);
  });

  it('passes over a place that is not there', async () => {
    const { path, notes } = await open(folder.file('missing'));
    expect(path).toBe(fallback);
    expect(notes[0]).toContain('ENOENT');
  });

  it('fails with the mend when no candidate will do', async () => {
    writeFileSync(fallback, '');
    await expect(open()).rejects.toMatchObject({
      code: 'ERR_MASTER',
      message: expect.stringMatching(/no folder.*set XDG_RUNTIME_DIR/),
    });
  });

  // Only root can give a folder away.
  const asRoot = it.skipIf(process.getuid?.() !== 0);

  asRoot("passes over another user's folder", async () => {
    mkdirSync(`${shared}/pssh-ts`, { mode: 0o700 });
    chownSync(`${shared}/pssh-ts`, 12345, 12345);
    const { path, notes } = await open(shared);
    expect(path).toBe(fallback);
    expect(notes[0]).toMatch(/user 12345 owns it, not 0/);
  });

  asRoot(
    "makes nothing in another user's XDG_RUNTIME_DIR (sudo -E): that user's own runs would find it",
    async () => {
      chownSync(shared, 12345, 12345);
      const { path, notes } = await open(shared);
      expect(path).toBe(fallback);
      expect(notes[0]).toMatch(/user 12345 owns/);
      expect(readdirSync(shared)).toEqual([]);
    },
  );
});
