import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from './find-sshd.js';

/** The login shells that what we send has to be read alike by. `sh` is dash on Debian, `csh` is tcsh or bsd-csh. */
export const SHELLS = ['sh', 'bash', 'zsh', 'tcsh', 'fish', 'csh'] as const;
export type ShellName = (typeof SHELLS)[number];

// Debian's tcsh comes with a csh.
const PACKAGES = ['bash', 'zsh', 'tcsh', 'fish'];

type Report = (line: string) => void;

/** A shell is missing and this is no place to install it; the message says what to do. */
export class NoShellError extends Error {
  override readonly name = 'NoShellError';
}

const missing = (): ShellName[] => SHELLS.filter((name) => findProgram(name) === null);

function run(command: string, args: readonly string[], report: Report): boolean {
  report(`+ ${[command, ...args].join(' ')}`);
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return true;
  report(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd());
  return false;
}

function howToInstall(): string {
  const packages = PACKAGES.join(' ');
  if (process.platform === 'darwin') return 'brew install fish';
  if (findProgram('apt-get') !== null) return `sudo apt-get install ${packages}`;
  if (findProgram('dnf') !== null) return `sudo dnf install ${packages}`;
  if (findProgram('apk') !== null) return `sudo apk add ${packages}`;
  if (findProgram('pacman') !== null) return `sudo pacman -S ${packages}`;
  return `install ${packages} with your system's package manager`;
}

/**
 * The absolute path of each shell. Where one is missing, and we are root on Debian or Ubuntu, it is installed.
 * @throws NoShellError with the one command to run, everywhere else
 */
export function ensureShells(report: Report = () => {}): Readonly<Record<ShellName, string>> {
  if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    // Another installation may be under way.
    const apt = ['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends', ...PACKAGES];
    // The package lists of a fresh container are empty, those of an old one name versions that are gone.
    if (!run('apt-get', apt, report) && run('apt-get', ['update'], report)) run('apt-get', apt, report);
  }
  const still = missing();
  if (still.length > 0) {
    throw new NoShellError(`${still.join(', ')} needed for the shell tests: ${howToInstall()}`);
  }
  return Object.fromEntries(SHELLS.map((name) => [name, findProgram(name)])) as Record<ShellName, string>;
}
