import { existsSync } from 'node:fs';
import { aptInstall } from './apt-install.js';
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
  aptInstall(['chromium', 'fonts-dejavu-core'], report);
  const installed = find();
  if (installed === null) throw new Error("the report's tests need Chromium: install the package 'chromium'");
  return installed;
}
