import { ensureProgram } from './ensure-program.js';

/**
 * The absolute path of dropbear, another SSH server than OpenSSH's. Its package has no service that could be started.
 * @throws where it is missing and can't be installed
 */
export function ensureDropbear(report?: (line: string) => void): string {
  const folders = ['/usr/sbin', '/usr/local/sbin'];
  return ensureProgram({ name: 'dropbear', package: 'dropbear-bin', folders }, report);
}
