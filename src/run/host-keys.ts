import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { type KnownKey, knownKeys, knownName } from '../ssh/known-keys.js';
import type { KeyName } from '../ssh/login-log.js';
import { type ResolvedConfig, resolveConfig } from '../ssh/resolve.js';
import { scanKeys } from '../ssh/scan-keys.js';
import { atOnce } from './at-once.js';
import { scanCommand } from './check/mends.js';

/** A key that a host shows, beside what known_hosts holds. */
export interface ShownKey extends KeyName {
  /** unknown: no key of this type is kept for the host; changed: another one is. */
  readonly state: 'known' | 'unknown' | 'changed' | 'revoked';
  /** The keys of this type that are kept for it. */
  readonly kept: readonly KnownKey[];
}

export interface HostKeys {
  readonly target: Target;
  /** Under which name known_hosts has them; null: ssh -G gave no answer. */
  readonly name: string | null;
  readonly keys: readonly ShownKey[];
  /** Why there are none. */
  readonly error: string | null;
}

export interface HostKeysOptions {
  readonly connection: ConnectionOptions;
  readonly fanout: number;
  readonly signal: AbortSignal;
}

/** The keys that hosts show to whoever asks, no login made. @throws PsshError ERR_SSH_SPAWN; the signal's reason */
export function hostKeys(targets: readonly Target[], options: HostKeysOptions): Promise<HostKeys[]> {
  return atOnce(targets, options.fanout, (target) => keysOf(target, options));
}

async function keysOf(target: Target, { connection, signal }: HostKeysOptions): Promise<HostKeys> {
  const none = (error: string, name: string | null): HostKeys => ({ target, name, keys: [], error });
  let resolved: ResolvedConfig;
  try {
    resolved = await resolveConfig(target, connection, signal);
  } catch (error) {
    if (error instanceof PsshError && error.code === 'ERR_CONNECT') return none(error.message, null);
    throw error;
  }
  const name = knownName(resolved);
  const unreachable = behind(resolved, connection);
  if (unreachable !== null) return none(unreachable, name);
  const { connectTimeoutMs } = connection;
  const shown = await scanKeys(resolved, connectTimeoutMs, signal);
  signal.throwIfAborted();
  if (shown.length === 0) {
    const { hostname, port } = resolved;
    return none(`${hostname} port ${port} showed no key within ${connectTimeoutMs / 1000}s`, name);
  }
  const known = await knownKeys(resolved, signal);
  return { target, name, keys: shown.map((key) => compare(key, known)), error: null };
}

/** ssh-keyscan knows no way but the direct one. */
function behind(resolved: ResolvedConfig, { sshConfig }: ConnectionOptions): string | null {
  const { proxyJump, values } = resolved;
  if (proxyJump !== null)
    return `not to be asked from here, it is behind ${proxyJump}: ${scanCommand(resolved, sshConfig)} | ssh-keygen -lf -`;
  return values.has('proxycommand') ? 'not to be asked from here, it is behind a ProxyCommand' : null;
}

function compare(key: KeyName, known: readonly KnownKey[]): ShownKey {
  const kept = known.filter(({ type, marker }) => type === key.type && marker !== 'cert-authority');
  const same = kept.filter(({ fingerprint }) => fingerprint === key.fingerprint);
  const state = same.some(({ marker }) => marker === 'revoked')
    ? 'revoked'
    : same.length > 0
      ? 'known'
      : kept.some(({ marker }) => marker === null)
        ? 'changed'
        : 'unknown';
  return { ...key, state, kept };
}
