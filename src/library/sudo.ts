import { usageError } from '../core/errors.js';
import { sudoUserFault } from '../core/sudo.js';
import { SudoAccess } from '../run/sudo/access.js';
import type { CommandOptions, MachineOptions } from './options.js';
import { secretOf } from './secrets.js';

/** Undefined: commands run as the login. @throws PsshError ERR_USAGE */
export function resolveSudo(
  defaults: MachineOptions,
  options: CommandOptions,
): { readonly sudo?: SudoAccess } {
  const { sudo, sudoUser: user, sudoPassword } = { ...defaults, ...options };
  const fault = user === undefined ? null : sudoUserFault(user);
  if (fault !== null) throw usageError(`sudoUser: ${fault}; write a user as the machine knows it`);
  const password = secretOf('sudoPassword', sudoPassword);
  if (sudo === false || (sudo === undefined && user === undefined)) return {};
  return {
    sudo: new SudoAccess({
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
    }),
  };
}
