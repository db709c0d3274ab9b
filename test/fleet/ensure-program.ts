import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from './find-sshd.js';

type Report = (line: string) => void;

/**
 * The absolute path of a program that tests need. Where it is missing, and we are root on Debian or Ubuntu, its
 * package is installed.
 * @throws where it is missing, with what to install
 */
export function ensureProgram(
  name: string,
  packageName: string,
  folders: readonly string[] = [],
  report: Report = () => {},
): string {
  const find = (): string | null => findProgram(name, folders);
  const found = find();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const program = 'apt-get';
    const apt = (...args: readonly string[]): boolean => {
      report(`+ ${program} ${args.join(' ')}`);
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      const { status, stderr } = spawnSync(program, ['-o', 'DPkg::Lock::Timeout=120', ...args], {
        encoding: 'utf8',
        env,
      });
      if (status !== 0) report(stderr.trimEnd());
      return status === 0;
    };
    const install = (): boolean => apt('install', '-y', '--no-install-recommends', packageName);
    // The package lists of a fresh container are empty, those of an old one name versions that are gone.
    if (!install() && apt('update')) install();
  }
  const installed = find();
  if (installed === null)
    throw new Error(`${name} is needed for its tests: install the package '${packageName}'`);
  return installed;
}
