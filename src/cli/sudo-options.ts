import { Option } from 'commander';
import { usageError } from '../core/errors.js';
import { sudoUserFault } from '../core/sudo.js';
import { SudoAccess } from '../run/sudo/access.js';
import { secretOf } from './secrets.js';

/** As commander gives them. */
export interface SudoOptions {
  readonly sudo?: boolean;
  readonly sudoUser?: string;
  readonly askSudoPass?: boolean;
  readonly sudoPassFile?: string;
}

export function sudoOptions(): readonly Option[] {
  return [
    new Option('--sudo', "run as root, by the host's sudo; nothing is asked (sudo -n)"),
    new Option('--sudo-user <user>', 'run as this user of the host, by sudo; implies --sudo'),
    new Option('--ask-sudo-pass', 'ask once, on the terminal, for the password that sudo wants'),
    new Option('--sudo-pass-file <file>', 'that password from the first line of a private file, or fd:3'),
  ];
}

/** Null: commands run as the login. @throws PsshError ERR_USAGE */
export function resolveSudo(options: SudoOptions): SudoAccess | null {
  const { sudo = false, sudoUser: user, askSudoPass, sudoPassFile } = options;
  if (user !== undefined) {
    const fault = sudoUserFault(user);
    if (fault !== null) throw usageError(`--sudo-user: ${fault}; write a user as the host knows it`);
  }
  const password = secretOf(
    '--ask-sudo-pass',
    askSudoPass,
    '--sudo-pass-file',
    sudoPassFile,
    'Sudo password: ',
  );
  if (!sudo && user === undefined) {
    if (password === undefined) return null;
    const said = askSudoPass === true ? '--ask-sudo-pass' : '--sudo-pass-file';
    throw usageError(`${said} is for --sudo; add it, or leave this out`);
  }
  return new SudoAccess({
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  });
}
