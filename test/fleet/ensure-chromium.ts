import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from './find-sshd.js';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/**
 * The absolute path of a Chromium, which the report is looked at in. Where it is missing, and we are root on Debian,
 * it is installed.
 * @throws where it is missing, with what to install
 */
export function ensureChromium(report: (line: string) => void = () => {}): string {
  const find = (): string | null =>
    PROGRAMS.map((name) => findProgram(name)).find((path) => path !== null) ?? (existsSync(MAC) ? MAC : null);
  const found = find();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const program = 'apt-get';
    const apt = (...args: readonly string[]): boolean => {
      report(`+ ${program} ${args.join(' ')}`);
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      const all = ['-o', 'DPkg::Lock::Timeout=120', ...args];
      const { status, stderr } = spawnSync(program, all, { encoding: 'utf8', env });
      if (status !== 0) report(stderr.trimEnd());
      return status === 0;
    };
    const packages = ['chromium', 'fonts-dejavu-core'];
    const install = (): boolean => apt('install', '-y', '--no-install-recommends', ...packages);
    // The package lists of a fresh container are empty, those of an old one name versions that are gone.
    if (!install() && apt('update')) install();
  }
  const installed = find();
  if (installed === null) throw new Error("the report's tests need Chromium: install the package 'chromium'");
  return installed;
}
