import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram } from '../fleet/find-sshd.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { runProgram } from './cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'docs/library.md'];
const BLOCK =
  /<!-- runnable -->\n```ts\n(.*?)\n```\n(?:(?:\nprints\n)?\n<!-- prints -->\n```text\n(.*?)\n```\n)?/gs;

interface Block {
  readonly name: string;
  readonly code: string;
  readonly prints: string | undefined;
}

const blocks: Block[] = [];
for (const page of PAGES) {
  const text = await readFile(join(ROOT, page), 'utf8');
  const found = [...text.matchAll(BLOCK)];
  // A mark that is not followed by a block would leave it untested.
  if (found.length !== text.split('<!-- runnable -->').length - 1) throw new Error(`${page}: a stray mark`);
  for (const { 1: code = '', 2: prints, index } of found) {
    const line = text.slice(0, index).split('\n').length;
    blocks.push({ name: `${page}:${line}`, code, prints });
  }
}

let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  fleet = await startFleet({ hosts: [{ name: 'web1' }, { name: 'web2' }, { name: 'db1' }] });
  // The blocks name no ssh_config: this ssh has the fleet's.
  const bin = join(fleet.dir, 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'ssh'),
    `#!/bin/sh\nexec ${findProgram('ssh')} -F ${fleet.configPath} -o ConnectTimeout=30 "$@"\n`,
  );
  await chmod(join(bin, 'ssh'), 0o755);
  // Within the project, so that `pssh-ts` is the package that was built here.
  await mkdir(join(ROOT, '.tmp'), { recursive: true });
  folder = await mkdtemp(join(ROOT, '.tmp', 'runnable-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await fleet.stop();
});

test.each(blocks)('$name runs, and prints what the page says', async ({ name, code, prints }) => {
  const { code: script } = await transform(code, { loader: 'ts', format: 'esm', target: 'node20.17' });
  const file = join(folder, `${name.replace(/\W/g, '-')}.mjs`);
  await writeFile(file, script);
  // What the blocks send, and where they bring things to.
  const cwd = await mkdtemp(join(fleet.dir, 'here-'));
  await writeFile(join(cwd, 'app.ini'), 'key=value');
  const env = { ...fleet.env, PATH: `${join(fleet.dir, 'bin')}${delimiter}${fleet.env.PATH}`, NO_COLOR: '1' };
  const ran = await runProgram(process.execPath, [file], { env, cwd });
  expect([ran.code, ran.err]).toEqual([0, '']);
  // Editors cut blanks at the end of a line.
  const cut = (text: string): string => text.replace(/ +$/gm, '').trimEnd();
  if (prints !== undefined) expect(cut(ran.out)).toBe(cut(prints));
});

test('the SSHMaster example and every part of the guide are among them', () => {
  expect(blocks.filter(({ name }) => name.startsWith('README.md'))).toHaveLength(1);
  expect(blocks.length).toBeGreaterThanOrEqual(7);
  expect(blocks.every(({ prints }) => prints !== undefined)).toBe(true);
});
