/** A key, as ssh's log and ssh-keygen -l name it. */
export interface KeyName {
  /** `ED25519`, or `ssh-ed25519` where ssh says it so. */
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/** A key to log in with. */
export interface LoginKey extends KeyName {
  /** The file, or what the agent calls it. */
  readonly file: string;
}

/** How far a login has come, and with what, as its DEBUG1 log tells it. */
export interface LoginLog {
  /** The other end speaks SSH. */
  readonly greeted: boolean;
  /** What it says it is: `OpenSSH_9.2p1`. */
  readonly software: string | null;
  readonly hostKey: KeyName | null;
  /** `FILE:LINE` that the host key was found in; null: it was not. */
  readonly knownAt: string | null;
  /** The method that logged in, `publickey`; null: not logged in. */
  readonly method: string | null;
  readonly offered: readonly LoginKey[];
  /** The key that the server would take, or took. */
  readonly accepted: LoginKey | null;
  /** What the server would have, as it last said. */
  readonly methods: readonly string[];
  /** Key files that ssh leaves alone, as others may read them. */
  readonly exposed: readonly string[];
  /** Key files whose passphrase ssh could not ask for. */
  readonly locked: readonly string[];
}

// A file's name may hold blanks, the type and the fingerprint don't.
const KEY = String.raw`(.*) (\S+) (SHA256:\S+)`;

/** Beside diagnose.ts, which tells why a login failed, this reads what ssh's log says of one on its way. */
export function readLoginLog(log: string): LoginLog {
  const first = (pattern: RegExp): string | null => pattern.exec(log)?.[1]?.trim() ?? null;
  const all = (pattern: RegExp): string[] => [...log.matchAll(pattern)].map(([, word = '']) => word);
  const hostKey = /^debug1: Server host key: (\S+) (SHA256:\S+)/m.exec(log);
  const methods = all(/^debug1: Authentications that can continue: (\S+)/gm).at(-1);
  return {
    greeted: /^debug1: Remote protocol version /m.test(log),
    software: first(/^debug1: Remote protocol version \S+, remote software version (\S+)/m),
    hostKey: hostKey === null ? null : { type: keyType(hostKey[1] ?? ''), fingerprint: hostKey[2] ?? '' },
    knownAt: /^debug1: Host .* is known and matches/m.test(log)
      ? first(/^debug1: Found (?:key|CA key) in (.*)/m)
      : null,
    method: first(/^Authenticated to .* using "([^"]*)"/m),
    offered: keys(log, new RegExp(`^debug1: Offering public key: ${KEY}`, 'gm')),
    accepted: keys(log, new RegExp(`^debug1: Server accepts key: ${KEY}`, 'gm')).at(-1) ?? null,
    methods: methods?.split(',') ?? [],
    exposed: all(/^Permissions \d+ for '(.*)' are too open\.\r?$/gm),
    locked: all(/^Load key "(.*)": incorrect passphrase supplied/gm),
  };
}

function keys(log: string, pattern: RegExp): LoginKey[] {
  return [...log.matchAll(pattern)].map(([, file = '', type = '', fingerprint = '']) => ({
    file,
    type,
    fingerprint,
  }));
}

/** `ssh-ed25519` and `ecdsa-sha2-nistp256` as ssh-keygen names them. */
export function keyType(algorithm: string): string {
  const plain = algorithm.replace(/@openssh\.com$/, '').replace(/^rsa-sha2-\d+$/, 'ssh-rsa');
  if (plain.startsWith('sk-')) return `${keyType(plain.slice(3))}-SK`;
  if (plain.startsWith('ecdsa-')) return 'ECDSA';
  return plain.replace(/^ssh-/, '').replace(/^dss$/, 'dsa').toUpperCase();
}
