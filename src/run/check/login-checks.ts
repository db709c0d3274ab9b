import type { Check, CheckName } from '../../core/check.js';
import type { PsshError } from '../../core/errors.js';
import { JumpFailure } from '../../master/jumps.js';
import type { LoginKey, LoginLog } from '../../ssh/login-log.js';
import type { ResolvedConfig } from '../../ssh/resolve.js';
import { FINGERPRINT, type Mends } from './mends.js';

/** What a login has shown, as far as it came: all of it where it was done. */
export function reachedChecks(resolved: ResolvedConfig, log: LoginLog): Check[] {
  const checks = [nameCheck(resolved)];
  if (!log.greeted) return checks;
  checks.push(ok('port', log.software ?? 'speaks SSH', { software: log.software }));
  // Of a host behind a ProxyCommand that checks keys by itself ssh still logs its own look.
  if (log.knownAt === null && log.method === null) return checks;
  const { hostKey, knownAt } = log;
  const key = hostKey === null ? '' : `${hostKey.type} ${hostKey.fingerprint}`;
  checks.push(
    ok('host-key', key, {
      type: hostKey?.type ?? null,
      fingerprint: hostKey?.fingerprint ?? null,
      knownAt,
    }),
  );
  if (log.method === null) return checks;
  const used = log.method === 'publickey' ? log.accepted : null;
  checks.push(ok('auth', used === null ? log.method : keyText(used), authFacts(log.method, used)));
  return checks;
}

/** What a login that failed has shown, the failure last. */
export function failedLogin(
  error: PsshError,
  resolved: ResolvedConfig,
  log: LoginLog,
  mends: Mends,
): Check[] {
  const before = reachedChecks(resolved, log);
  const [name, mend, detail] = failureOf(error, log, resolved, mends);
  const facts = name === 'auth' ? { offered: log.offered.map(keyText), methods: log.methods } : {};
  const failed: Check = { name, outcome: 'failed', detail, mend, facts };
  return [...before.filter((check) => check.name !== name), failed];
}

function failureOf(
  error: PsshError,
  log: LoginLog,
  resolved: ResolvedConfig,
  mends: Mends,
): readonly [CheckName, string | null, string] {
  const { message } = error;
  if (error instanceof JumpFailure) return ['port', null, `${message} (check the jump host itself)`];
  switch (error.code) {
    case 'ERR_RESOLVE':
      return ['name', null, `${message}; give it a HostName in ssh_config, or an address with -o HostName=`];
    case 'ERR_HOST_KEY':
      return hostKeyFailure(message, log, mends);
    case 'ERR_AUTH':
      return ['auth', mends.logIn(log), authText(message, log)];
    default:
      if (log.knownAt !== null) return ['auth', null, `${message}; it stopped answering at the login`];
      if (log.greeted)
        return ['port', null, `${message}; it speaks SSH, but not to the end of the key exchange`];
      if (resolved.proxyJump === null && !resolved.values.has('proxycommand'))
        return [
          'port',
          null,
          `${message}; is sshd running there, on port ${resolved.port}, and let through?`,
        ];
      return ['port', null, message];
  }
}

function hostKeyFailure(
  message: string,
  { hostKey }: LoginLog,
  mends: Mends,
): readonly [CheckName, string | null, string] {
  const changed = /Offending .* key in (.*?):\d+(?= \(|;|$)/.exec(message);
  if (changed !== null || /HAS CHANGED/.test(message))
    return [
      'host-key',
      mends.dropKey(changed?.[1] ?? null),
      `${message}; find out why before the old key is dropped`,
    ];
  if (!/^No .* key is known|is known for/.test(message)) return ['host-key', null, message];
  const shown = hostKey === null ? '' : `; it shows ${hostKey.type} ${hostKey.fingerprint}`;
  return [
    'host-key',
    mends.learnKey(),
    `${message}${shown}; for ${FINGERPRINT} put what ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub prints on the host's own console`,
  ];
}

function authText(message: string, { offered, exposed, locked, methods }: LoginLog): string {
  if (exposed[0] !== undefined) return `${message}; ssh leaves ${exposed[0]} alone: others can read it`;
  if (locked[0] !== undefined) return `${message}; ${locked[0]} has a passphrase, and no agent holds it`;
  const keys = offered.map(keyText).join(', ');
  const asks = methods.length > 0 ? `; it takes ${methods.join(', ')}` : '';
  return `${message}; ${keys === '' ? 'no key was offered' : `refused: ${keys}`}${asks}`;
}

function nameCheck({ hostname, port, user, proxyJump, values }: ResolvedConfig): Check {
  const via = proxyJump ?? (values.has('proxycommand') ? 'a ProxyCommand' : null);
  const where = `${user}@${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  return ok('name', via === null ? where : `${where} via ${via}`, { hostname, port, user, via });
}

function authFacts(method: string, key: LoginKey | null): Check['facts'] {
  return { method, key: key?.file ?? null, type: key?.type ?? null, fingerprint: key?.fingerprint ?? null };
}

function keyText({ file, type, fingerprint }: LoginKey): string {
  return `${file} (${type} ${fingerprint})`;
}

export function ok(name: CheckName, detail: string, facts: Check['facts'] = {}): Check {
  return { name, outcome: 'ok', detail, mend: null, facts };
}
