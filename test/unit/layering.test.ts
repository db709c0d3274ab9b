import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const FORBIDDEN: readonly (readonly [folder: string, line: string])[] = [
  ['core', "export { readFile } from 'node:fs/promises';"],
  ['core', 'export const pid = process.pid;'],
  ['core', "export { main } from '../cli/main.js';"],
  ['inventory', "export { spawnSsh } from '../ssh/spawn.js';"],
  ['sinks', "export { runPlan } from '../run/runner.js';"],
  ['ssh', "export { MasterPool } from '../master/pool.js';"],
  ['master', "export { processTransport } from '../transport/process.js';"],
  ['transport', "export { runPlan } from '../run/runner.js';"],
  ['transport', "export { put } from '../transfer/put.js';"],
  ['transfer', "export { runPlan } from '../run/runner.js';"],
  ['transfer', "export { JsonSink } from '../sinks/json.js';"],
  ['run', "export { pack } from 'tar-stream';"],
  ['run', "export { JsonSink } from '../sinks/json.js';"],
  ['run', "export { execa } from 'execa';"],
  ['run', "export { Machine } from '../machine.js';"],
  ['run', "export { Host } from '../library/host.js';"],
  ['library', "export { JsonSink } from '../sinks/json.js';"],
  ['library', "export { main } from '../cli/main.js';"],
  ['library', "export { default as pMap } from 'p-map';"],
  ['cli', "export { default as pMap } from 'p-map';"],
];
const ALLOWED: typeof FORBIDDEN = [
  ['core', "export { show } from './show.js';"],
  ['transfer', "export { processTransport } from '../transport/process.js';"],
  ['run', "export { transfer } from '../transfer/transfer.js';"],
  ['run', "export { processTransport } from '../transport/process.js';"],
  ['cli', "export { runPlan } from '../run/runner.js';"],
  ['cli', "export { Machine } from '../machine.js';"],
  ['library', "export { runPlan } from '../run/runner.js';"],
  ['library', "export { evaluateExpression } from '../inventory/expression.js';"],
];

test('the linter keeps the layers: each forbidden import is refused, each allowed one passes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pt-layers-'));
  try {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    const write = (name: string, cases: typeof FORBIDDEN): void => {
      for (const [place, [layer, line]] of cases.entries()) {
        const file = join(folder, 'src', layer, `${name}-${place}.ts`);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `${line}\n`);
      }
    };
    write('forbidden', FORBIDDEN);
    write('allowed', ALLOWED);
    const biome = join(root, 'node_modules', '.bin', 'biome');
    const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', '.'];
    const { stdout, stderr } = spawnSync(biome, args, { cwd: folder, encoding: 'utf8' });
    const refused = (name: string, cases: typeof FORBIDDEN): string[] =>
      cases
        .filter(([layer], place) => stdout.includes(join('src', layer, `${name}-${place}.ts`)))
        .map(([, line]) => line);
    expect(refused('forbidden', FORBIDDEN), stderr).toEqual(FORBIDDEN.map(([, line]) => line));
    expect(refused('allowed', ALLOWED)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('docs/architecture.md has a line for every file of src', () => {
  const { stdout } = spawnSync('git', ['ls-files', 'src'], { cwd: root, encoding: 'utf8' });
  const page = readFileSync(`${root}/docs/architecture.md`, 'utf8');
  const missing = stdout.split('\n').filter((file) => file.endsWith('.ts') && !page.includes(`| ${file} |`));
  expect(missing).toEqual([]);
});
