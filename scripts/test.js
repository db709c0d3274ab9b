// npm test: everything that must hold before a change lands, in the order in which it fails fastest. The steps of a
// stage run beside each other. --quick leaves out the integration tests and the package.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { installPackages, ROOT, start } from './bootstrap.js';

const quick = process.argv.includes('--quick');
installPackages();
mkdirSync(`${ROOT}.tmp`, { recursive: true });

const counts = { passed: 0, failed: 0 };
const bin = (name, ...args) => start(`${ROOT}node_modules/.bin/${name}`, args);

/** Runs one project of the tests and adds up what it counted. */
async function vitest(project) {
  const report = `${ROOT}.tmp/${project}.json`;
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await start(`${ROOT}node_modules/.bin/vitest`, ['run', '--project', project, ...reporters], {
    live: true,
  });
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  counts.passed += numPassedTests;
  counts.failed += numFailedTests;
  // A skipped test is one that nobody looks at any more.
  if (numPendingTests > 0) process.stderr.write(`${numPendingTests} tests are skipped; none may be\n`);
  return code !== 0 ? code : numPendingTests > 0 || numPassedTests === 0 ? 1 : 0;
}

/** A stage is a list of lanes that run at once; a lane is a list of steps, one behind the other. */
const stages = [
  [
    [['format, lint and layering', () => bin('biome', 'check', '--error-on-warnings', '.')]],
    [['types', () => bin('tsc', '-p', 'tsconfig.json')]],
    [['unused files, exports and dependencies', () => bin('knip')]],
    [['build', () => start('npm', ['run', '--silent', 'build'])]],
  ],
  [[['unit tests', () => vitest('unit')]]],
  ...(quick
    ? []
    : [
        [
          [['integration tests', () => vitest('integration')]],
          // In the time that the tests spend waiting.
          [
            ['API reference: nothing public without its comment', () => bin('typedoc', '--emit', 'none')],
            ['package: publint', () => bin('publint', '--strict')],
            ['package: are the types wrong', () => bin('attw', '--pack', '.', '--profile', 'esm-only')],
            [
              'package: installed in an empty folder and run',
              () => start(process.execPath, ['--import', 'tsx', 'scripts/check-package.ts']),
            ],
          ],
        ],
      ]),
];

/** @returns the name of the step that failed, and ended the lane; null where all are well */
async function runLane(lane) {
  for (const [name, step] of lane) {
    const started = Date.now();
    process.stdout.write(`\n== ${name}\n`);
    const code = await step();
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    process.stdout.write(`== ${name}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds}s)\n`);
    if (code !== 0) return name;
  }
  return null;
}

for (const stage of stages) {
  const failed = (await Promise.all(stage.map(runLane))).filter((name) => name !== null);
  if (failed.length === 0) continue;
  process.stdout.write(`\nfailed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
  break;
}
if (counts.passed + counts.failed > 0)
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
