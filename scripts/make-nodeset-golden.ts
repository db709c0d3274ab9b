// Asks ClusterShell's nodeset about every input in the golden file and writes its answers there.
// Needs nodeset (Debian's package clustershell). To add a case, add `{ "input": "…" }` to the file and run
//     node --import tsx scripts/make-nodeset-golden.ts
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Case {
  input: string;
  output?: string;
  error?: string;
}

interface Golden {
  nodeset: string;
  expansions: Case[];
  foldings: Case[];
}

const path = fileURLToPath(new URL('../test/unit/inventory/golden/nodeset.json', import.meta.url));
// An empty folder, so that no groups and defaults of this machine come in.
const settings = mkdtempSync(join(tmpdir(), 'nodeset-golden-'));

function nodeset(...args: string[]): { ok: boolean; stdout: string; stderr: string } {
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', CLUSTERSHELL_CFGDIR: settings };
  const { status, stdout, stderr, error } = spawnSync('nodeset', args, { encoding: 'utf8', env });
  if (error !== undefined)
    throw new Error('nodeset could not be run; install clustershell', { cause: error });
  return { ok: status === 0, stdout: stdout.trimEnd(), stderr: stderr.trim() };
}

function answer(option: '-e' | '-f', { input }: Case): Case {
  const { ok, stdout, stderr } = nodeset(option, input);
  return ok ? { input, output: stdout } : { input, error: stderr };
}

const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;
const made: Golden = {
  nodeset: nodeset('--version').stdout,
  expansions: golden.expansions.map((each) => answer('-e', each)),
  foldings: golden.foldings.map((each) => answer('-f', each)),
};
writeFileSync(path, `${JSON.stringify(made, null, 1)}\n`);
rmSync(settings, { recursive: true });
console.log(`${made.nodeset}: ${made.expansions.length} expansions, ${made.foldings.length} foldings`);
