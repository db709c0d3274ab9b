// npm test: everything that must hold before a change lands, in the order in which it fails fastest.
// --quick leaves out the integration tests and the package.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { installPackages, ROOT, run } from './bootstrap.js';

const quick = process.argv.includes('--quick');
installPackages();
mkdirSync(`${ROOT}.tmp`, { recursive: true });

const counts = { passed: 0, failed: 0 };
const npx = (...args) => run('npx', ['--no-install', ...args]);

/** Runs one project of the tests and adds up what it counted. */
function vitest(project) {
  const report = `${ROOT}.tmp/${project}.json`;
  rmSync(report, { force: true });
  const code = npx(
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  );
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  counts.passed += numPassedTests;
  counts.failed += numFailedTests;
  // A skipped test is one that nobody looks at any more.
  if (numPendingTests > 0) process.stderr.write(`${numPendingTests} tests are skipped; none may be\n`);
  return code !== 0 ? code : numPendingTests > 0 || numPassedTests === 0 ? 1 : 0;
}

const steps = [
  ['format, lint and layering', () => npx('biome', 'check', '--error-on-warnings', '.')],
  ['types', () => npx('tsc', '-p', 'tsconfig.json')],
  ['unused files, exports and dependencies', () => npx('knip')],
  ['build', () => run('npm', ['run', '--silent', 'build'])],
  ['unit tests', () => vitest('unit')],
  ...(quick
    ? []
    : [
        ['integration tests', () => vitest('integration')],
        ['API reference: nothing public without its comment', () => npx('typedoc', '--emit', 'none')],
        ['package: publint', () => npx('publint', '--strict')],
        ['package: are the types wrong', () => npx('attw', '--pack', '.', '--profile', 'esm-only')],
        [
          'package: installed in an empty folder and run',
          () => run(process.execPath, ['--import', 'tsx', 'scripts/check-package.ts']),
        ],
      ]),
];

for (const [name, step] of steps) {
  const started = Date.now();
  process.stdout.write(`\n== ${name}\n`);
  const code = step();
  process.stdout.write(
    `== ${name}: ${code === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)}s)\n`,
  );
  if (code !== 0) {
    if (counts.passed + counts.failed > 0)
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
    process.exit(1);
  }
}
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
