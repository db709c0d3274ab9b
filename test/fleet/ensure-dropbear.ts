import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from './find-sshd.js';

const FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

type Report = (line: string) => void;

/**
 * The absolute path of dropbear, another SSH server than OpenSSH's. Where it is missing, and we are root on Debian or
 * Ubuntu, it is installed: the package dropbear-bin has no service that could be started.
 * @throws where it is missing, with what to install
 */
export function ensureDropbear(report: Report = () => {}): string {
  const find = (): string | null => findProgram('dropbear', FOLDERS);
  const found = find();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const apt = (...args: readonly string[]): boolean => {
      report(`+ apt-get ${args.join(' ')}`);
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      const { status, stderr } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
        encoding: 'utf8',
        env,
      });
      if (status !== 0) report(stderr.trimEnd());
      return status === 0;
    };
    const install = (): boolean => apt('install', '-y', '--no-install-recommends', 'dropbear-bin');
    // The package lists of a fresh container are empty, those of an old one name versions that are gone.
    if (!install() && apt('update')) install();
  }
  const installed = find();
  if (installed === null)
    throw new Error("dropbear is needed for its tests: install the package 'dropbear-bin'");
  return installed;
}
