/** Packs the project, installs the tarball in an empty folder, and runs what a user would. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startFleet } from '../test/fleet/fleet.js';

// In dist/pssh-ts.cjs, with what they need themselves; ini and yaml stay packages.
const BUNDLED = ['commander', 'diff', 'execa', 'p-map', 'cross-spawn', 'isexe'];

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'pt-pack-'));
const fleet = await startFleet({ hosts: 3, server: 'auto' });

function expect(what: string, good: boolean, seen: string): void {
  if (!good) throw new Error(`${what}: ${seen}`);
  process.stdout.write(`ok: ${what}\n`);
}

try {
  const { stdout: packed } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: root,
  });
  const [{ filename, size, files }] = JSON.parse(packed) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  const strays = files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(dist\/|schema\/[\w-]+\.json$|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path),
    );
  expect(`the tarball (${size} bytes) holds nothing but the product`, strays.length === 0, strays.join(' '));

  const notices = await readFile(join(root, 'dist', 'THIRD_PARTY_LICENSES.txt'), 'utf8');
  const missing = BUNDLED.filter((name) => !new RegExp(`^${name} \\d`, 'm').test(notices));
  expect('the licences of what is bundled come with it', missing.length === 0, missing.join(' '));

  const app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }');
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename)], {
    cwd: app,
  });

  const npx = (...args: string[]) =>
    run('npx', ['--no-install', 'pssh-ts', ...args], { cwd: app, env: { ...process.env, ...fleet.env } });
  const version = (await npx('--version')).stdout.trim();
  expect('npx pssh-ts --version', /^\d+\.\d+\.\d+/.test(version), version);
  const help = (await npx('--help')).stdout;
  expect('npx pssh-ts --help', help.includes('exec') && help.includes('--host'), help);
  const { stdout } = await npx(
    '-F',
    fleet.configPath,
    '-H',
    'node[1-3]',
    '--persist',
    '0',
    'exec',
    'echo $FLEET_HOST',
  );
  const lines = stdout.trimEnd().split('\n').sort().join('|');
  expect('a real run on three hosts', lines === 'node1: node1|node2: node2|node3: node3', stdout);

  await writeFile(
    join(app, 'use.js'),
    "import { PsshError } from 'pssh-ts';\nconsole.log(typeof PsshError);\n",
  );
  const imported = (await run(process.execPath, ['use.js'], { cwd: app })).stdout.trim();
  expect('the library can be imported', imported === 'function', imported);
} finally {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
}
