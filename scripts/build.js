// npm run build: the declarations by tsc, the code by esbuild in a few files, because reading sixty small ones
// is most of what starting the command takes. Packages stay what they are and load when they are first needed.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { ROOT, run } from './bootstrap.js';

rmSync(`${ROOT}dist`, { recursive: true, force: true });
const code = run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json']);
if (code !== 0) process.exit(code);
await build({
  absWorkingDir: ROOT,
  entryPoints: ['src/bin.ts', 'src/index.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  // commander is needed at every start, and is quicker inside. execa is a hundred files, which Node opens all at once:
  // under a low `ulimit -n` that fails.
  external: ['ini', 'p-map', 'yaml'],
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
  format: 'esm',
  platform: 'node',
  target: 'node20.17',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
});
