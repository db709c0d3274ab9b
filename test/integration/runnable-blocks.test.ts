import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, runProgram } from './cli.js';
import { type DocsFleet, startDocsFleet } from './docs-fleet.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// `<!-- runnable -->`, or `<!-- runnable: exit 4 -->`, before a block; `<!-- prints -->` before what it prints.
const BLOCK =
  /<!-- runnable(?:: exit (\d+))? -->\n```(ts|sh)\n(.*?)\n```\n(?:(?:\nprints\n)?\n<!-- prints -->\n```text\n(.*?)\n```\n)?/gs;

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  readonly exit: number;
  readonly prints: string | undefined;
}

async function blocksOf(page: string): Promise<readonly Block[]> {
  const text = await readFile(join(ROOT, page), 'utf8');
  const found = [...text.matchAll(BLOCK)];
  // A mark that is not followed by a block would leave it untested.
  if (found.length !== (text.match(/^<!-- runnable/gm) ?? []).length)
    throw new Error(`${page}: a stray mark`);
  return found.map(({ 1: exit = '0', 2: language = '', 3: code = '', 4: prints, index }) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    language,
    code,
    exit: Number(exit),
    prints,
  }));
}

const docs = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...docs.sort().map((name) => `docs/${name}`)];
const blocks = (await Promise.all(pages.map(blocksOf))).flat();
const withBlocks = pages.filter((page) => blocks.some((block) => block.page === page));

let scene: DocsFleet;
let folder: string;
beforeAll(async () => {
  scene = await startDocsFleet();
  // Within the project, so that `pssh-ts` is the package that was built here.
  await mkdir(join(ROOT, '.tmp'), { recursive: true });
  folder = await mkdtemp(join(ROOT, '.tmp', 'runnable-'));
});
afterAll(async () => {
  await runProgram('pssh-ts', ['masters', 'close'], { env: scene.env });
  await rm(folder, { recursive: true, force: true });
  await scene.fleet.stop();
});

async function run({ page, line, language, code }: Block, cwd: string): Promise<CliResult> {
  if (language === 'sh') return runProgram('bash', ['-euo', 'pipefail', '-c', code], { env: scene.env, cwd });
  const { code: script } = await transform(code, { loader: 'ts', format: 'esm', target: 'node20.17' });
  const file = join(folder, `${page.replace(/\W/g, '-')}-${line}.mjs`);
  await writeFile(file, script);
  // The library's blocks name no ssh_config: the ssh on their PATH has the fleet's.
  return runProgram(process.execPath, [file], { env: scene.env, cwd });
}

// Editors cut blanks at the end of a line.
const cut = (text: string): string => text.replace(/ +$/gm, '').trimEnd();

describe.each(withBlocks)('%s', (page) => {
  // The blocks of a page are steps: one finds the files that those before it have made.
  let cwd: string;
  beforeAll(async () => {
    cwd = await scene.workFolder(page.replace(/\W/g, '-'));
  });

  test.each(blocks.filter((block) => block.page === page))(
    'line $line runs, and prints what the page says',
    async (block) => {
      const ran = await run(block, cwd);
      expect({
        code: ran.code,
        err: block.language === 'ts' || ran.code !== block.exit ? ran.err : '',
      }).toEqual({
        code: block.exit,
        err: '',
      });
      if (block.prints !== undefined) expect(cut(ran.out)).toBe(cut(block.prints));
    },
  );
});

test('the SSHMaster example, every part of the guide to the library, and every guide are among them', () => {
  expect(blocks.filter(({ page, language }) => page === 'README.md' && language === 'ts')).toHaveLength(1);
  const programs = blocks.filter(({ language }) => language === 'ts');
  expect(programs.length).toBeGreaterThanOrEqual(7);
  expect(programs.every(({ prints }) => prints !== undefined)).toBe(true);
  for (const guide of ['first-run', 'ci', 'troubleshooting', 'targets'])
    expect(withBlocks).toContain(`docs/${guide}.md`);
});
