import { ensureProgram } from './ensure-program.js';

/**
 * The absolute path of dropbear, another SSH server than OpenSSH's. The package dropbear-bin has no service that could
 * be started.
 * @throws where it is missing, with what to install
 */
export function ensureDropbear(report?: (line: string) => void): string {
  return ensureProgram('dropbear', 'dropbear-bin', ['/usr/sbin', '/usr/local/sbin'], report);
}
