import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram, findSshd } from './find-sshd.js';

/** Asked by Debian's maintainer scripts before they start a service; 101 means "don't" (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d';
const DENIED = 101;
const UNITS = ['ssh.service', 'ssh.socket'];

type Report = (line: string) => void;

/** sshd is missing and this is no place to install it; the message says what to do. */
export class NoSshdError extends Error {
  override readonly name = 'NoSshdError';
}

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

/** Runs `work` while Debian may start no service. Someone else's policy is left alone, but has to say the same. */
function withStartDenied<T>(work: () => T): T {
  if (existsSync(POLICY)) {
    const { status } = spawnSync(POLICY, ['ssh', 'start'], { stdio: 'ignore' });
    if (status !== DENIED) {
      throw new NoSshdError(
        `${POLICY} exists and lets services start, so installing openssh-server would open port 22.\n` +
          'Install it yourself if that is what you want: apt-get install openssh-server',
      );
    }
    return work();
  }
  writeFileSync(POLICY, `#!/bin/sh\nexit ${DENIED}\n`, { mode: 0o755, flag: 'wx' });
  // A policy left behind would keep every later service of this machine from starting. ^C and TERM end apt-get, and
  // with a listener of ours they no longer end this process before its `finally`.
  const survive = () => {};
  process.on('SIGINT', survive).on('SIGTERM', survive);
  try {
    return work();
  } finally {
    rmSync(POLICY, { force: true });
    process.off('SIGINT', survive).off('SIGTERM', survive);
  }
}

function howToInstall(): string {
  if (process.platform === 'darwin') return 'macOS ships /usr/sbin/sshd; this machine lacks it';
  if (findProgram('apt-get') !== null) return 'sudo apt-get install openssh-server';
  if (findProgram('dnf') !== null) return 'sudo dnf install openssh-server';
  if (findProgram('apk') !== null) return 'sudo apk add openssh-server';
  if (findProgram('pacman') !== null) return 'sudo pacman -S openssh';
  return "install your system's OpenSSH server package";
}

function installOnDebian(report: Report): void {
  const apt = ['install', '-y', '--no-install-recommends', 'openssh-server'];
  withStartDenied(() => {
    // The package lists of a fresh container are empty, those of an old one name versions that are gone.
    if (!run('apt-get', apt, report) && run('apt-get', ['update'], report)) run('apt-get', apt, report);
  });
  // The package also enables its units, which would open port 22 at the next boot.
  if (findSshd() !== null && findProgram('systemctl') !== null)
    run('systemctl', ['disable', ...UNITS], report);
}

/**
 * The absolute path of sshd. Where it is missing, and we are root on Debian or Ubuntu, openssh-server is installed
 * without being started or enabled.
 * @throws NoSshdError with the one command to run, everywhere else
 */
export function ensureSshd(report: Report = () => {}): string {
  const found = findSshd();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version') && findProgram('apt-get') !== null) {
    const lines: string[] = [];
    installOnDebian((line) => {
      lines.push(line);
      report(line);
    });
    const installed = findSshd();
    if (installed !== null) return installed;
    throw new NoSshdError(`openssh-server could not be installed:\n${lines.join('\n')}`);
  }
  throw new NoSshdError(`sshd is needed for the integration tests: ${howToInstall()}`);
}
