import { fingerprintOf } from './known-keys.js';
import { type KeyName, keyType } from './login-log.js';
import { runSsh } from './spawn.js';

const GRACE_MS = 5_000;

/** The keys that a server shows, as `ssh-keyscan` asks for them: no login, and nobody vouches for them. */
export async function scanKeys(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<KeyName[]> {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  const args = ['-T', String(seconds), '-p', String(port), hostname];
  const { stdout } = await runSsh(args, timeoutMs + GRACE_MS, signal, 'ssh-keyscan');
  const keys = [...stdout.matchAll(/^[^#\s]\S* (\S+) (\S+)$/gm)].map(([, algorithm = '', key = '']) => ({
    type: keyType(algorithm),
    fingerprint: fingerprintOf(key),
  }));
  return keys.sort((a, b) => (a.type < b.type ? -1 : 1));
}
