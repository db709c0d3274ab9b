import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

function passwordField(user: string): string | null {
  try {
    const line = readFileSync('/etc/shadow', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${user}:`));
    return line?.split(':')[1] ?? null;
  } catch {
    // Not root, or no shadow file: then sshd can't see a lock either.
    return null;
  }
}

/**
 * The user the fleet logs in as: whoever runs it.
 * @throws where sshd would turn that user away for a locked account, which the client sees as a refused key
 */
export function loginAccount(viaSshd: boolean): string {
  const user = userInfo().username;
  if (viaSshd && passwordField(user)?.startsWith('!')) {
    throw new Error(
      `the account ${user} is locked ('!' in /etc/shadow), so sshd without PAM refuses its key.\n` +
        `Unlock it without giving it a password: usermod -p '*' ${user}`,
    );
  }
  return user;
}
