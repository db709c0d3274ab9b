import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A home of its own for each host. In the person's home bash would read ~/.bashrc for each command, which makes tests as
 * slow as that file is, and killing one that is at work there can leave a lock behind (pyenv's then holds up every
 * login for a minute). sshd starts a session in the home that /etc/passwd names, whatever HOME says: what the shell
 * reads at its start corrects that.
 */
export async function makeHome(folder: string): Promise<string> {
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o755 });
  await Promise.all(['.bashrc', '.zshenv'].map((name) => writeFile(join(home, name), 'cd "$HOME"\n')));
  return home;
}
