import { quoteForShell } from '../../core/quote.js';
import type { Target } from '../../core/target.js';
import type { MasterPool } from '../../master/pool.js';
import { destinationArgs } from '../../ssh/argv.js';
import { knownHostsFiles, knownName } from '../../ssh/known-keys.js';
import type { LoginLog } from '../../ssh/login-log.js';
import type { ResolvedConfig } from '../../ssh/resolve.js';

/** Stands in a command where the user has to put what he has read on the host's own console. */
export const FINGERPRINT = 'FINGERPRINT';

const PACKAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  scp: { 'apt-get': 'openssh-client', default: 'openssh-clients', apk: 'openssh-client', pacman: 'openssh' },
  sha256sum: { default: 'coreutils' },
};
const INSTALL: Readonly<Record<string, string>> = {
  'apt-get': 'apt-get install -y',
  dnf: 'dnf install -y',
  yum: 'yum install -y',
  zypper: 'zypper install -y',
  apk: 'apk add',
  pacman: 'pacman -S --noconfirm',
};

/** The commands that mend what a check finds, each as a line for the user's own shell. */
export class Mends {
  constructor(
    private readonly target: Target,
    private readonly connection: MasterPool['connection'],
    private readonly resolved: ResolvedConfig,
  ) {}

  /**
   * Adds the keys of the host whose fingerprint the user puts in: nothing is added for one that is not the host's.
   * Through a ProxyCommand there is no asking for keys but by a login, where ssh asks for the fingerprint itself.
   */
  learnKey(): string {
    const { proxyJump, values } = this.resolved;
    if (proxyJump === null && values.has('proxycommand'))
      return this.ssh(['-o', 'StrictHostKeyChecking=ask'], 'true');
    const [file = '~/.ssh/known_hosts'] = knownHostsFiles(this.resolved);
    const name = quoteForShell(knownName(this.resolved));
    return [
      `${scanCommand(this.resolved, this.connection.sshConfig)} 2>/dev/null`,
      `while read -r host key; do case "$(echo "$host $key" | ssh-keygen -lf -)" in *' ${FINGERPRINT} '*) echo ${name} "$key" ;; esac; done >> ${quoteForShell(file)}`,
    ].join(' | ');
  }

  /** Drops the known key, once it is clear why it changed. */
  dropKey(file: string | null): string {
    return words('ssh-keygen', ...(file === null ? [] : ['-f', file]), '-R', knownName(this.resolved));
  }

  /** The login log tells what ssh lacks. */
  logIn({ exposed, locked, offered }: LoginLog): string {
    if (exposed[0] !== undefined) return words('chmod', '600', exposed[0]);
    if (locked[0] !== undefined) return words('ssh-add', locked[0]);
    const key = offered.find(({ file }) => file.includes('/'))?.file;
    const file = key ?? this.resolved.identityFiles[0]?.replace(/^~(?=\/)/, process.env.HOME ?? '~');
    if (file === undefined) return this.ssh([], 'true');
    const copy = words('ssh-copy-id', '-i', `${file.replace(/\.pub$/, '')}.pub`, ...this.copyArgs());
    return key === undefined ? `${words('ssh-keygen', '-t', 'ed25519', '-f', file)} && ${copy}` : copy;
  }

  /** A command for root on the host. */
  asRoot(command: string): string {
    return this.resolved.user === 'root'
      ? this.ssh([], command)
      : this.ssh(['-t'], `sudo sh -c ${quoteForShell(command)}`);
  }

  /** Sudo asks the login for nothing any more. */
  sudoRule(): string {
    const { user } = this.resolved;
    const file = quoteForShell(`/etc/sudoers.d/${user.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`);
    const rule = quoteForShell(`${user} ALL=(ALL) NOPASSWD: ALL`);
    return this.asRoot(`umask 337; echo ${rule} > ${file} && visudo -cf ${file}`);
  }

  /** For an account that runs nothing. */
  giveShell(): string {
    return this.ssh(['-l', 'root'], `usermod -s /bin/sh ${quoteForShell(this.resolved.user)}`);
  }

  install(tools: readonly string[], manager: string | null): string | null {
    const install = INSTALL[manager ?? ''];
    if (install === undefined || manager === null) return null;
    const names = tools.map((tool) => PACKAGES[tool]?.[manager] ?? PACKAGES[tool]?.default ?? tool);
    return this.asRoot(`${install} ${[...new Set(names)].join(' ')}`);
  }

  ssh(more: readonly string[], command: string): string {
    const args = destinationArgs(this.target, this.connection);
    return words('ssh', ...more, ...args, this.target.host, command);
  }

  /** ssh-copy-id knows neither -l nor -J. */
  private copyArgs(): string[] {
    const args = destinationArgs(this.target, this.connection);
    const kept: string[] = [];
    let user = '';
    for (let at = 0; at + 1 < args.length; at += 2) {
      const [flag = '', value = ''] = args.slice(at, at + 2);
      if (flag === '-l') user = `${value}@`;
      else if (flag === '-J') kept.push('-o', `ProxyJump=${value}`);
      else if (flag !== '-i') kept.push(flag, value);
    }
    return [...kept, `${user}${this.target.host}`];
  }
}

/** Asks for the host's keys, from the last jump host where there is one. */
export function scanCommand(
  { hostname, port, proxyJump }: ResolvedConfig,
  sshConfig: string | undefined,
): string {
  const scan = words('ssh-keyscan', '-p', String(port), hostname);
  if (proxyJump === null) return scan;
  const hops = proxyJump.split(',');
  const [last = ''] = hops.splice(-1);
  const before = hops.length === 0 ? [] : ['-J', hops.join(',')];
  const config = sshConfig === undefined ? [] : ['-F', sshConfig];
  return words(
    'ssh',
    ...config,
    ...before,
    last.includes(':') ? `ssh://${last.replace(/^ssh:\/\//, '')}` : last,
    scan,
  );
}

function words(...parts: readonly string[]): string {
  return parts.map((part) => quoteForShell(part)).join(' ');
}
