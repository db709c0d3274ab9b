import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { runOrThrow } from './run-or-throw.js';

export interface Account {
  readonly user: string;
  /** The name of its login shell. */
  readonly shell: string;
  /** Its folder in /etc/passwd. */
  readonly home: string;
}

export interface Accounts {
  /** Whoever runs this comes first; only root has others. */
  readonly list: readonly Account[];
  /** Removes what was made. */
  remove(): void;
}

/** An account for each login shell, made for the time of a test. Who is not root has to do with his own. */
export function makeAccounts(shells: readonly (readonly [name: string, path: string])[]): Accounts {
  const { username, shell, homedir } = userInfo();
  const list: Account[] = [{ user: username, shell: basename(shell ?? 'sh'), home: homedir }];
  if (process.getuid?.() !== 0) return { list, remove: () => {} };
  const made: Account[] = [];
  const remove = (): void => {
    for (const { user, home } of made.splice(0)) {
      runOrThrow('userdel', [user]);
      rmSync(home, { recursive: true, force: true });
    }
  };
  const prefix = `pt${randomBytes(3).toString('hex')}`;
  try {
    for (const [index, [name, path]] of shells.entries()) {
      const user = `${prefix}${String.fromCharCode(97 + index)}`;
      const home = mkdtempSync(join(tmpdir(), 'pt-home-'));
      // '*' opens to no password and, other than '!', does not lock the account: its key is let in.
      runOrThrow('useradd', ['-M', '-d', home, '-s', path, '-p', '*', user]);
      made.push({ user, shell: name, home });
      runOrThrow('chown', [user, home]);
      chmodSync(home, 0o755);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { list: [...list, ...made], remove };
}
