import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'CHANGELOG.md', ...docs.map((name) => `docs/${name}`)];

const withoutCode = (markdown: string): string =>
  markdown.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '');

/** What a heading is linked by, as GitHub makes it. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)];
  return new Set(
    headings.map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  const links = [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)];
  const broken = links.flatMap(([, link = '']) => {
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), file);
    if (!existsSync(target)) return [link];
    if (anchor === undefined) return [];
    return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? [] : [link];
  });
  expect(broken).toEqual([]);
});

test('every page of docs/ is linked from the README', () => {
  const linked = docs.filter((name) => read('README.md').includes(`(docs/${name}`));
  expect(docs.filter((name) => !linked.includes(name))).toEqual([]);
});

test('every error code has its section, with more than a line, in docs/troubleshooting.md', () => {
  const codes = [...read('src/core/errors.ts').matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(
    ([, code = '']) => code,
  );
  expect(codes.length).toBeGreaterThan(12);
  const sections = new Map(
    read('docs/troubleshooting.md')
      .split(/^## /m)
      .map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
  );
  const thin = codes.filter((code) => (sections.get(code) ?? '').length < 200);
  expect(thin).toEqual([]);
  const unknown = [...sections.keys()].filter((name) => name.startsWith('ERR_') && !codes.includes(name));
  expect(unknown).toEqual([]);
});

test('docs/security.md names tests that exist, and every row of its tables names one', () => {
  const page = read('docs/security.md');
  const named = [...page.matchAll(/`((?:unit|integration)\/[\w/.-]+)`/g)].map(([, file = '']) => file);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((file) => !existsSync(join(ROOT, 'test', file)))).toEqual([]);
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (---|claim|what \|)/.test(line));
  expect(rows.filter((row) => !/\.test\.ts` \|$/.test(row))).toEqual([]);
});
