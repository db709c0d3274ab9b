import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type KeyName, keyType } from './login-log.js';
import type { ResolvedConfig } from './resolve.js';
import { runSsh } from './spawn.js';

const LOOKUP_TIMEOUT_MS = 10_000;

/** A key of a known_hosts file. */
export interface KnownKey extends KeyName {
  readonly file: string;
  readonly line: number;
  /** `@revoked`, `@cert-authority` */
  readonly marker: 'revoked' | 'cert-authority' | null;
}

/** `SHA256:…` of a key in base64, as ssh-keygen -l has it. */
export function fingerprintOf(key: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`;
}

/** The key that stands in a line of a known_hosts file; null: none that can be read. */
export function knownKeyAt(file: string, line: number): string | null {
  try {
    const text = readFileSync(file, 'utf8').split('\n')[line - 1] ?? '';
    const key = text
      .trim()
      .replace(/^@\S+\s+/, '')
      .split(/\s+/)[2];
    return key === undefined ? null : fingerprintOf(key);
  } catch {
    return null;
  }
}

/** Under which name a host's keys are kept. */
export function knownName({ hostname, port, values }: ResolvedConfig): string {
  const alias = values.get('hostkeyalias')?.[0];
  if (alias !== undefined && alias !== 'none') return alias;
  return port === 22 ? hostname : `[${hostname}]:${port}`;
}

/** The known_hosts files that are in force, the user's first, whether they are there or not. */
export function knownHostsFiles({ values }: ResolvedConfig): readonly string[] {
  const named = ['userknownhostsfile', 'globalknownhostsfile'].flatMap((keyword) => {
    const value = values.get(keyword)?.[0] ?? '';
    // ssh -G prints names without quotes: of one with a blank only the disk tells.
    return existsSync(value) ? [value] : value.split(' ');
  });
  return named.filter((file) => file !== '' && file !== 'none');
}

/** What the known_hosts files hold for a host, hashed names and patterns too: as `ssh-keygen -F` finds it. */
export async function knownKeys(resolved: ResolvedConfig, signal?: AbortSignal): Promise<KnownKey[]> {
  const name = knownName(resolved);
  const found: KnownKey[] = [];
  for (const file of knownHostsFiles(resolved).filter((one) => existsSync(one))) {
    const args = ['-F', name, '-f', file];
    const { stdout } = await runSsh(args, LOOKUP_TIMEOUT_MS, signal, 'ssh-keygen');
    found.push(...parseFound(stdout, file));
  }
  return found;
}

/** Each key stands below a line `# Host NAME found: line N`, with `REVOKED` or `CA` behind it. */
function parseFound(text: string, file: string): KnownKey[] {
  return [...text.matchAll(/^# Host .* found: line (\d+)([^\n]*)\n([^\n]*)/gm)].flatMap(
    ([, line = '', marks = '', entry = '']) => {
      const [, algorithm, key] = entry
        .trim()
        .replace(/^@\S+\s+/, '')
        .split(/\s+/);
      if (algorithm === undefined || key === undefined) return [];
      const marker = /REVOKED/.test(marks) ? 'revoked' : /\bCA\b/.test(marks) ? 'cert-authority' : null;
      return [
        { type: keyType(algorithm), fingerprint: fingerprintOf(key), file, line: Number(line), marker },
      ];
    },
  );
}
