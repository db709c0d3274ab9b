// npm run build: the declarations by tsc, the code by esbuild. The command is one CommonJS file: Node starts that
// some 20 ms sooner than modules, and reading sixty small files is most of what starting would take. What only a
// new login needs (execa) or few inputs do (yaml) stays a package and loads when it is first needed.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { ROOT, run } from './bootstrap.js';

rmSync(`${ROOT}dist`, { recursive: true, force: true });
const code = run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json']);
if (code !== 0) process.exit(code);
/** @satisfies {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20.17',
  sourcemap: true,
  sourcesContent: false,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
};
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  format: 'esm',
  packages: 'external',
});
await build({
  ...common,
  entryPoints: ['src/bin.ts'],
  outfile: 'dist/bin.cjs',
  format: 'cjs',
  external: ['execa', 'yaml'],
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
});
