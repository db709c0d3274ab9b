import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the linter says of a file that would stand at `path`. */
function lint(path: string, line: string): string {
  const args = ['--no-install', 'biome', 'lint', `--stdin-file-path=${path}`];
  const { stdout, stderr } = spawnSync('npx', args, { cwd: root, input: `${line}\n`, encoding: 'utf8' });
  return stdout + stderr;
}

test.each([
  ['src/core/probe.ts', "export { readFile } from 'node:fs/promises';"],
  ['src/core/probe.ts', 'export const pid = process.pid;'],
  ['src/core/probe.ts', "export { main } from '../cli/main.js';"],
  ['src/inventory/probe.ts', "export { spawnSsh } from '../ssh/spawn.js';"],
  ['src/sinks/probe.ts', "export { runPlan } from '../run/runner.js';"],
  ['src/ssh/probe.ts', "export { MasterPool } from '../master/pool.js';"],
  ['src/master/probe.ts', "export { processTransport } from '../transport/process.js';"],
  ['src/transport/probe.ts', "export { runPlan } from '../run/runner.js';"],
  ['src/run/probe.ts', "export { JsonSink } from '../sinks/json.js';"],
  ['src/run/probe.ts', "export { execa } from 'execa';"],
  ['src/cli/probe.ts', "export { default as pMap } from 'p-map';"],
])('%s may not say: %s', (path, line) => {
  expect(lint(path, line)).toMatch(/noRestricted(Imports|Globals)/);
});

test('what the layers do import passes', () => {
  expect(
    lint('src/run/probe.ts', "export { processTransport } from '../transport/process.js';"),
  ).not.toContain('noRestricted');
});

test('docs/architecture.md has a line for every file of src', () => {
  const { stdout } = spawnSync('git', ['ls-files', 'src'], { cwd: root, encoding: 'utf8' });
  const page = readFileSync(`${root}/docs/architecture.md`, 'utf8');
  const missing = stdout.split('\n').filter((file) => file.endsWith('.ts') && !page.includes(`| ${file} |`));
  expect(missing).toEqual([]);
});
