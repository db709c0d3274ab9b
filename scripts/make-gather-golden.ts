// Asks ClusterShell's clush to gather the output of a thousand hosts and writes what it prints into the golden file.
// Needs clush (Debian's package clustershell); its "exec" worker runs local commands, no host is needed:
//     node --import tsx scripts/make-gather-golden.ts
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLUSH_HOSTS, textOf, VARIANTS, variantOf } from '../test/unit/sinks/clush-hosts.js';

const golden = fileURLToPath(new URL('../test/unit/sinks/golden/clush-gather.txt', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gather-golden-'));
try {
  for (const variant of VARIANTS) writeFileSync(join(folder, variant), textOf(variant));
  for (const [index, name] of CLUSH_HOSTS.entries()) symlinkSync(variantOf(index), join(folder, name));
  const args = ['-R', 'exec', '-f', '16', '-b', '-w', CLUSH_HOSTS.join(','), `cat ${folder}/%h`];
  // An empty folder of settings, so that none of this machine come in.
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', CLUSTERSHELL_CFGDIR: folder };
  const { status, stdout, stderr, error } = spawnSync('clush', args, {
    encoding: 'utf8',
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined || status !== 0)
    throw new Error(`clush could not be run; install clustershell: ${stderr}`, { cause: error });
  writeFileSync(golden, stdout);
  console.log(`${stdout.split('\n').length - 1} lines written to ${golden}`);
} finally {
  rmSync(folder, { recursive: true });
}
