// The tests under each Node that is supported: unit, integration, and the package as it is installed.
//     node scripts/test-nodes.js [--unit] [VERSION...] [-- VITEST-ARGS]     default: 20 22 24
// The binaries come from the npm registry (the packages behind `node`), into .tmp/nodes. --unit leaves out the rest;
// with VITEST-ARGS, of the integration tests only what they name is run.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installPackages, ROOT, run } from './bootstrap.js';

const SUPPORTED = ['20', '22', '24'];

const words = process.argv.slice(2);
const split = words.includes('--') ? words.indexOf('--') : words.length;
const own = words.slice(0, split);
const vitestArgs = words.slice(split + 1);
const unitOnly = own.includes('--unit');
const versions = own.filter((word) => word !== '--unit');
for (const version of versions) {
  if (/^\d+(\.\d+){0,2}$/.test(version)) continue;
  process.stderr.write(`${JSON.stringify(version)} is no version of Node; write 22 or 22.12.0\n`);
  process.exit(2);
}

/** The folder with that Node's binary. `node` itself would want an install script. */
function nodeOf(version) {
  const { platform, arch } = process;
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${platform}-${arch}`;
  const folder = join(ROOT, '.tmp', 'nodes', version);
  const bin = join(folder, 'node_modules', name, 'bin');
  if (existsSync(join(bin, 'node'))) return bin;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const code = run('npm', ['install', '--no-save', '--prefix', folder, `${name}@${version}`]);
  if (code !== 0 || !existsSync(join(bin, 'node'))) throw new Error(`${name}@${version} can't be had`);
  return bin;
}

installPackages();
if (run('npm', ['run', '--silent', 'build']) !== 0) process.exit(1);
const failed = [];
for (const version of versions.length === 0 ? SUPPORTED : versions) {
  const bin = nodeOf(version);
  const node = join(bin, 'node');
  // What the tests start by name is this Node too.
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const exact = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const vitest = (project, args) =>
    run(node, ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...args], env);
  const steps = [
    ['unit tests', () => vitest('unit', [])],
    ...(unitOnly
      ? []
      : [
          ['integration tests', () => vitest('integration', vitestArgs)],
          ['the package', () => run(node, ['--import', 'tsx', 'scripts/check-package.ts'], env)],
        ]),
  ];
  for (const [name, step] of steps) {
    process.stdout.write(`\n== Node ${exact}: ${name}\n`);
    if (step() !== 0) failed.push(`Node ${exact}: ${name}`);
  }
}
process.stdout.write(failed.length === 0 ? '\nall passed\n' : `\nfailed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
