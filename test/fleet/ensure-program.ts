import { aptInstall } from './apt-install.js';
import { findProgram } from './find-sshd.js';

export interface WantedProgram {
  readonly name: string;
  /** Debian's package that has it. */
  readonly package: string;
  /** Where it may lie beside PATH. */
  readonly folders?: readonly string[];
}

/**
 * The absolute path of a program that some tests need. Where it is missing, and we are root on Debian or Ubuntu, it is
 * installed.
 * @throws where it is missing, with what to install
 */
export function ensureProgram(wanted: WantedProgram, report: (line: string) => void = () => {}): string {
  const find = (): string | null => findProgram(wanted.name, wanted.folders);
  const found = find();
  if (found !== null) return found;
  aptInstall([wanted.package], report);
  const installed = find();
  if (installed === null)
    throw new Error(`${wanted.name} is needed for its tests: install the package '${wanted.package}'`);
  return installed;
}
