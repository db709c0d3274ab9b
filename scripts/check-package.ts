/** Packs the project, installs the tarball in an empty folder, and runs what a user would. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
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

const USE = `
const machine = new Machine('node1', { sshConfig: process.argv[2] });
const { status, stdout } = await machine.execute('echo $FLEET_HOST');
const cluster = new Cluster('node[1-3]', { sshConfig: process.argv[2] });
const { ok, results } = await cluster.execute('true');
await Promise.all([machine.close(), cluster.close()]);
console.log(status, stdout.text().trim(), ok, results.length);
`;
const SAID = 'ok node1 true 3';

/** The library as a program finds it: by import, by require, and by its types. */
async function checkLibrary(app: string): Promise<void> {
  const env = { ...process.env, ...fleet.env };
  const use = async (file: string, text: string): Promise<string> => {
    await writeFile(join(app, file), text);
    const ran = await run(process.execPath, [file, fleet.configPath], { cwd: app, env });
    return `${ran.stdout}${ran.stderr}`.trim();
  };
  const imported = await use('use.mjs', `import { Cluster, Machine } from 'pssh-ts';${USE}`);
  expect('import { Cluster, Machine } runs commands', imported === SAID, imported);
  const required = `const { Cluster, Machine } = require('pssh-ts');(async () => {${USE}})();`;
  // An ES module can be required from Node 20.19 and 22.12 on; before, that is an error with a code.
  if (Reflect.get(process.features, 'require_module') === true) {
    const seen = await use('use.cjs', required);
    expect('require() runs commands', seen === SAID, seen);
  } else {
    const refused = await use('use.cjs', required).catch((error: Error) => error.message);
    expect('require() is refused by this Node', refused.includes('ERR_REQUIRE_ESM'), refused);
  }
  for (const [resolution, module] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ] as const)
    await checkTypes(app, resolution, module);
}

const TYPED = `import { Cluster, type CommandResult, Machine } from 'pssh-ts';
export const status = (result: CommandResult): 0 | null => (result.status === 'ok' ? result.exitCode : null);
export const run = (): Promise<CommandResult> => new Machine('a', { timeout: '10s' }).execute('true');
// @ts-expect-error a cluster runs commands, not numbers
export const wrong = new Cluster('a').execute(1);
`;

/** With all checks of declarations, which most programs switch off; and nothing of ours may be `any`. */
async function checkTypes(app: string, resolution: string, module: string): Promise<void> {
  const file = join(app, 'typed.ts');
  await writeFile(file, TYPED);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, target: 'es2022', module },
    ...{ moduleResolution: resolution, types: ['node'], lib: ['es2023', 'esnext.disposable'] },
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, app);
  const program = ts.createProgram([file], options);
  const faults = ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ messageText, file: at }) => `${at?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  expect(`the types hold under moduleResolution ${resolution}`, faults.length === 0, faults.join('\n'));
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName.includes('/pssh-ts/dist/'));
  const anys = ours.filter((source) => holdsAny(source)).map(({ fileName }) => fileName);
  expect(
    `none of ${ours.length} declarations holds any`,
    ours.length > 5 && anys.length === 0,
    anys.join(' '),
  );
}

function holdsAny(node: ts.Node): boolean {
  return node.kind === ts.SyntaxKind.AnyKeyword || ts.forEachChild(node, holdsAny) === true;
}

try {
  const { stdout: packed } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: root,
  });
  const [{ filename, size, unpackedSize, files }] = JSON.parse(packed) as [
    { filename: string; size: number; unpackedSize: number; files: { path: string }[] },
  ];
  const strays = files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(dist\/|schema\/[\w-]+\.json$|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path),
    );
  expect(`the tarball (${size} bytes) holds nothing but the product`, strays.length === 0, strays.join(' '));

  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, packedMb = 0, unpackedMb = 0] =
    /less than ([\d.]+) MB packed and ([\d.]+) MB unpacked/.exec(readme)?.map(Number) ?? [];
  expect(
    'it is as small as the README says',
    size < packedMb * 1e6 && unpackedSize < unpackedMb * 1e6,
    `${size} and ${unpackedSize} bytes`,
  );

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
  const page = join(app, 'node_modules', 'pssh-ts', 'dist', 'man', 'pssh-ts.1');
  const man = await run('man', ['--warnings', '-l', page], { env: { ...process.env, MANROFFOPT: '-ww' } });
  expect(
    'the man page renders without a warning',
    man.stderr === '' && man.stdout.includes('exec'),
    man.stderr,
  );
  const completion = await npx('completion', 'bash');
  await run('bash', ['-n', '-c', completion.stdout]);
  expect('npx pssh-ts completion bash', completion.stdout.includes('complete -F'), completion.stdout);
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

  await checkLibrary(app);
} finally {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
}
