import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Installs packages where we are root on Debian or Ubuntu; elsewhere it does nothing. */
export function aptInstall(packages: readonly string[], report: (line: string) => void): void {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  const program = 'apt-get';
  const apt = (...args: readonly string[]): boolean => {
    report(`+ ${program} ${args.join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const all = ['-o', 'DPkg::Lock::Timeout=120', ...args];
    const { status, stderr } = spawnSync(program, all, { encoding: 'utf8', env });
    if (status !== 0) report(stderr.trimEnd());
    return status === 0;
  };
  const install = (): boolean => apt('install', '-y', '--no-install-recommends', ...packages);
  // The package lists of a fresh container are empty, those of an old one name versions that are gone.
  if (!install() && apt('update')) install();
}
