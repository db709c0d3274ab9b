import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSshd } from '../fleet/ensure-sshd.js';
import { makeKeyPair } from '../fleet/key-pair.js';
import { holdPrivsepFolder } from '../fleet/privsep-folder.js';

/** Once before all integration tests: there is an sshd, and its /run/sshd stays for the whole run. */
export default async function setup(): Promise<() => void> {
  const sshd = ensureSshd((line) => console.log(line));
  const dir = mkdtempSync(join(tmpdir(), 'pt-'));
  const hostKeyFile = join(dir, 'key');
  writeFileSync(hostKeyFile, (await makeKeyPair('setup')).privateKey, { mode: 0o600 });
  const release = holdPrivsepFolder(sshd, hostKeyFile);
  rmSync(dir, { recursive: true });
  return release;
}
