import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { tempFolder } from '../unit/temp-folder.js';
import { BIN } from './cli.js';

const folder = tempFolder();
beforeEach(() => mkdirSync(folder.file('pssh-ts'), { mode: 0o700 }));

const kept = (): string[] => readdirSync(folder.file('pssh-ts')).filter((name) => name.startsWith('code.'));

/** Prints three hosts, whatever the compiled code is like. */
function hosts(): void {
  const env = { ...process.env, XDG_RUNTIME_DIR: folder.path, TMPDIR: folder.file('none') };
  const { stdout, stderr, status } = spawnSync(process.execPath, [BIN, '-H', 'web[1-3]', 'hosts'], {
    env,
    encoding: 'utf8',
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: 'web1\nweb2\nweb3\n', stderr: '', status: 0 });
}

test('compiled code is kept in the runtime folder, for us alone, and used from then on', () => {
  hosts();
  const [name = ''] = kept();
  const file = folder.file(`pssh-ts/${name}`);
  const { mode, mtimeMs } = statSync(file);
  expect(mode & 0o777).toBe(0o600);
  hosts();
  expect(kept()).toEqual([name]);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
});

test('code that is cut short or is none at all is not taken', () => {
  hosts();
  const [name = ''] = kept();
  const file = folder.file(`pssh-ts/${name}`);
  truncateSync(file, Math.floor(readFileSync(file).length / 2));
  hosts();
  writeFileSync(file, 'no code');
  hosts();
});

test('code that somebody else could have written is not taken', () => {
  hosts();
  const [name = ''] = kept();
  const file = folder.file(`pssh-ts/${name}`);
  chmodSync(file, 0o666);
  hosts();
  // Made anew.
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a folder that others can enter holds none', () => {
  chmodSync(folder.file('pssh-ts'), 0o755);
  hosts();
  expect(kept()).toEqual([]);
});

test('without a runtime folder it runs as well, and makes none', () => {
  const env = { ...process.env, XDG_RUNTIME_DIR: folder.file('none'), TMPDIR: folder.file('none') };
  const { stdout, status } = spawnSync(process.execPath, [BIN, '--version'], { env, encoding: 'utf8' });
  expect({ stdout, status }).toEqual({ stdout: expect.stringMatching(/^\d+\./), status: 0 });
  expect(kept()).toEqual([]);
});
