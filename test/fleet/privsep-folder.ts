import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder root's sshd needs and lacks, as `sshd -t` says; null when nothing is missing. */
function missingFolder(sshd: string, hostKeyFile: string): string | null {
  const { stderr } = spawnSync(sshd, ['-t', '-f', '/dev/null', '-h', hostKeyFile], { encoding: 'utf8' });
  return /Missing privilege separation directory: (\S+)/.exec(stderr)?.[1] ?? null;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

let count = 0;

/**
 * Holds sshd's privilege separation folder (/run/sshd on Debian) in being, and gives a function that lets go of it.
 * The folder is made where it is missing. Fleets that run at once each leave a file in a folder beside it, which exists
 * only while /run/sshd is a fleet's work: the last one out removes both. One that was there before stays.
 * @param hostKeyFile any private key: without one sshd does not come as far as looking for the folder
 */
export function holdPrivsepFolder(sshd: string, hostKeyFile: string): () => void {
  if (process.getuid?.() !== 0) return () => {};
  const folder = missingFolder(sshd, hostKeyFile) ?? '/run/sshd';
  const holders = `${folder}.fleets`;
  if (existsSync(folder) && !existsSync(holders)) return () => {};

  mkdirSync(holders, { recursive: true, mode: 0o700 });
  count += 1;
  const mine = join(holders, `${process.pid}-${count}`);
  writeFileSync(mine, '');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return () => {
    rmSync(mine, { force: true });
    for (const name of existsSync(holders) ? readdirSync(holders) : []) {
      if (!isAlive(Number.parseInt(name, 10))) rmSync(join(holders, name), { force: true });
    }
    try {
      // Fails while another fleet holds it; then that one removes it.
      rmdirSync(holders);
      rmdirSync(folder);
    } catch {
      // Still in use.
    }
  };
}
