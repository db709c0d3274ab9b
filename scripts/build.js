// npm run build: the declarations by tsc, the code by esbuild. The command is one CommonJS file, packages and all,
// whose compiled code bin.cjs keeps: Node starts that in half the time that sixty modules take, and execa alone takes
// as long again. Few inputs need yaml: it stays a package and loads when it is first needed.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { ROOT, run } from './bootstrap.js';
import { writeLicenses } from './licenses.js';

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
  metafile: true,
};
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  format: 'esm',
  packages: 'external',
});
// Each takes Node milliseconds to load, and many runs need none of it. Named imports and properties of a default one
// are looked up when they are used, so they can wait; an `import * as` could not.
const LATE =
  /^(?:node:)?(child_process|crypto|fs\/promises|net|readline|stream\/promises|timers\/promises|tty)$/;
/** @type {import('esbuild').Plugin} */
const late = {
  name: 'late',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: LATE }, ({ path, namespace }) =>
      namespace === 'late'
        ? { path, external: true }
        : { path: path.replace('node:', ''), namespace: 'late' },
    );
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      // As a prototype, because esbuild copies what a module has of its own, and it has nothing yet.
      contents: `const get = (_, name, asked) => {
          if (name === '__esModule') return undefined;
          const loaded = require('node:${path}');
          Object.setPrototypeOf(asked, loaded);
          return loaded[name];
        };
        module.exports = Object.create(new Proxy({}, { get }));`,
    }));
  },
};
const command = {
  ...common,
  format: 'cjs',
  plugins: [late],
  external: ['yaml'],
  // What V8 compiled from a script of ours has no loader for import().
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};
const { metafile } = await build({
  ...command,
  // A third less to read at each start; the source map knows the names.
  minifyIdentifiers: true,
  // What vm.Script is given (src/cli/compiled-code.ts), so that a start need not put it together.
  banner: { js: `(function (exports, require, module, __filename, __dirname) {${command.banner.js}` },
  footer: { js: '})' },
  entryPoints: ['src/entry.ts'],
  outfile: 'dist/pssh-ts.cjs',
});
const bundle = readFileSync(`${ROOT}dist/pssh-ts.cjs`);
// One other letter, in a String.raw that esbuild can't escape, and V8 keeps all of it at twice the size.
if (bundle.some((byte) => byte > 0x7f))
  throw new Error('dist/pssh-ts.cjs is read as ASCII; write \\u escapes');
const built = createHash('sha256').update(bundle).digest('hex').slice(0, 16);
const { metafile: starter } = await build({
  ...command,
  entryPoints: ['src/bin.ts'],
  outfile: 'dist/bin.cjs',
  define: { ...command.define, BUILD_ID: JSON.stringify(built) },
});
const man = run(process.execPath, ['--import', 'tsx', 'scripts/write-man.ts']);
if (man !== 0) process.exit(man);
writeLicenses(ROOT, [...Object.keys(metafile.inputs), ...Object.keys(starter.inputs)]);
