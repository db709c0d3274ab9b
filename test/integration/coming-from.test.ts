import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureProgram } from '../fleet/ensure-program.js';
import { runProgram } from './cli.js';
import { type DocsFleet, startDocsFleet } from './docs-fleet.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = await readFile(join(ROOT, 'docs/coming-from.md'), 'utf8');

/** The first code of each right-hand cell that is a line of ours. */
const lines = [...page.matchAll(/^\| .* \| `((?:pssh-ts|await) [^`]*)`.* \|$/gm)].map(([, line = '']) =>
  line.replaceAll('\\|', '|'),
);

let scene: DocsFleet;
let cwd: string;
let modules: string;
beforeAll(async () => {
  ensureProgram({ name: 'rsync', package: 'rsync' }, (line) => console.log(line));
  scene = await startDocsFleet();
  cwd = await scene.workFolder('coming-from');
  await mkdir(join(ROOT, '.tmp'), { recursive: true });
  modules = await mkdtemp(join(ROOT, '.tmp', 'lines-'));
});
afterAll(async () => {
  await runProgram('pssh-ts', ['masters', 'close'], { env: scene.env });
  await rm(modules, { recursive: true, force: true });
  await scene.fleet.stop();
});

test('no row of the tables goes untried', () => {
  const rows = [...page.matchAll(/^\| `.*\|$/gm)];
  expect(rows.length - lines.length).toBeLessThanOrEqual(2);
  expect(lines.length).toBeGreaterThan(40);
});

test.each(lines)('%s', async (line) => {
  if (line.startsWith('await')) {
    const file = join(modules, 'line.mjs');
    await writeFile(
      file,
      `import { Cluster, Machine } from 'pssh-ts';\nconst done = ${line};\nconsole.log([done.results ?? done].flat().map(({ status }) => status).join());\n`,
    );
    const ran = await runProgram(process.execPath, [file], { env: scene.env });
    expect([ran.code, ran.err, /^ok(,ok)?\n$/.test(ran.out)]).toEqual([0, '', true]);
    return;
  }
  const ran = await runProgram('bash', ['-c', line], { env: scene.env, cwd });
  expect({ code: ran.code, err: ran.code === 0 ? '' : ran.err }).toEqual({ code: 0, err: '' });
});
