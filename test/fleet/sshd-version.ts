import { spawnSync } from 'node:child_process';

/** [9, 2] for OpenSSH_9.2p1. Before 9.3 `-V` is an unknown option, and the usage text names the version. */
export function sshdVersion(sshd: string): readonly [number, number] {
  const { stdout, stderr } = spawnSync(sshd, ['-V'], { encoding: 'utf8' });
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(`${stdout}${stderr}`) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0)];
}
