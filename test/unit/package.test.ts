import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Locked {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const installed = Object.entries(lock.packages).filter(
  ([name, { dev, devOptional }]) => name !== '' && dev !== true && devOptional !== true,
);

test('nothing runs at installation: no script of ours, none of what comes with it', () => {
  const run = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name));
  expect(run).toEqual([]);
  expect(installed.length).toBeGreaterThanOrEqual(Object.keys(manifest.dependencies).length);
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
});

test('what comes with it has licences that ask for no more than their text', () => {
  const free = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'Unlicense']);
  expect(installed.filter(([, { license }]) => !free.has(license ?? ''))).toEqual([]);
});

test('the README says how many packages the library depends on', () => {
  expect(Object.keys(manifest.dependencies)).toHaveLength(7);
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('seven packages');
});

test('src opens no connection but to sockets by their path', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(join(ROOT, 'src', name), 'utf8')] as const);
  expect(files.length).toBeGreaterThan(100);
  const imports = /from '(?:node:)?(?:https?|http2|tls|dgram|dns)(?:\/\w+)?'|\bawait fetch\(|new WebSocket/;
  expect(files.filter(([, text]) => imports.test(text)).map(([name]) => name)).toEqual([]);
  const calls = files.flatMap(([, text]) =>
    /from 'node:net'/.test(text) ? (text.match(/(?<![.\w])connect\([^)]*\)/g) ?? []) : [],
  );
  expect(calls.length).toBeGreaterThan(0);
  // A port, or options, would be a number or an object.
  expect(calls.filter((call) => !/^connect\(\s*(\w*[pP]ath\w*\b|socket\b|\{\s*path:)/.test(call))).toEqual(
    [],
  );
});
