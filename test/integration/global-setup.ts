import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSshd } from '../fleet/ensure-sshd.js';
import { makeKeyPair } from '../fleet/key-pair.js';
import { holdPrivsepFolder } from '../fleet/privsep-folder.js';

/**
 * Once before all integration tests: there is an sshd, and its /run/sshd stays for the whole run. With hosts that stand
 * already (hosts.ts) none is installed for their sake.
 */
export default async function setup(): Promise<() => void> {
  const { PSSH_TEST_SSH_CONFIG, PSSH_TEST_HOSTS } = process.env;
  if (PSSH_TEST_SSH_CONFIG !== undefined && PSSH_TEST_HOSTS !== undefined) return () => {};
  const sshd = ensureSshd((line) => console.log(line));
  const dir = mkdtempSync(join(tmpdir(), 'pt-'));
  const hostKeyFile = join(dir, 'key');
  writeFileSync(hostKeyFile, (await makeKeyPair('setup')).privateKey, { mode: 0o600 });
  const release = holdPrivsepFolder(sshd, hostKeyFile);
  rmSync(dir, { recursive: true });
  return release;
}
