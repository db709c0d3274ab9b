import { closeSync, openSync, readSync } from 'node:fs';
import { SERVER_ALIVE } from './argv.js';
import type { ResolvedConfig } from './resolve.js';

// What ssh offers where nobody sets Ciphers: since OpenSSH 7.6, and since 10.0.
const DEFAULT_CIPHERS: ReadonlySet<string> = new Set([
  'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr',
]);
// A key as long as that of the cipher which ssh would take, and with AES instructions a third of its work.
const QUICK_CIPHER = 'aes256-gcm@openssh.com';

/**
 * What we set where ssh_config sets nothing, each a `Keyword=value`: keep-alives, so that a lost network is noticed; and,
 * of the ciphers that ssh offers anyway, the quickest one first.
 */
export function unsetOptions({
  serverAliveInterval,
  values,
}: Pick<ResolvedConfig, 'serverAliveInterval' | 'values'>): string[] {
  const { interval, countMax } = SERVER_ALIVE;
  const alive = [`ServerAliveInterval=${interval}`, `ServerAliveCountMax=${countMax}`];
  const ciphers = quickCiphers(values.get('ciphers')?.[0] ?? '', hasAes());
  return [...(serverAliveInterval > 0 ? [] : alive), ...(ciphers === null ? [] : [`Ciphers=${ciphers}`])];
}

/** The same ciphers in our order; null: somebody chose them, or the processor has no instructions for AES. */
export function quickCiphers(ciphers: string, aes: boolean): string | null {
  if (!aes || !DEFAULT_CIPHERS.has(ciphers)) return null;
  return [QUICK_CIPHER, ...ciphers.split(',').filter((cipher) => cipher !== QUICK_CIPHER)].join(',');
}

let aesHere: boolean | null = null;

function hasAes(): boolean {
  aesHere ??= process.platform === 'darwin' || saysAes(startOf('/proc/cpuinfo'));
  return aesHere;
}

/** What /proc/cpuinfo says of the first processor: `flags` on x86, `Features` on ARM. */
export const saysAes = (cpuinfo: string): boolean => /^(?:flags|Features)[ \t]*:.*\baes\b/m.test(cpuinfo);

/** Enough for one processor: a large machine has hundreds, and the kernel writes that text anew each time. */
function startOf(file: string): string {
  try {
    const bytes = Buffer.alloc(8192);
    const descriptor = openSync(file, 'r');
    try {
      return bytes.toString('latin1', 0, readSync(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Not Linux, or nothing is to be read there.
    return '';
  }
}
