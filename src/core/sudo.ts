import { show } from './show.js';

/** Commands run as another user of the host, by its sudo. */
export interface Sudo {
  /** Absent: as sudo has it, root. */
  readonly user?: string;
  /** What sudo is told where it asks; called when it is needed. @default nothing is asked, `sudo -n` */
  readonly password?: () => Promise<string>;
}

/** Why a name can't be handed to sudo as a user (`name` or `#1000`), or null when it can. */
export function sudoUserFault(user: string): string | null {
  if (user === '') return 'the user name is empty';
  if (user.startsWith('-'))
    return `user name ${show(user)} begins with "-", which sudo would take for an option`;
  const bad = /[\s\u0000-\u001f\u007f-\u009f:\u2028\u2029]/u.exec(user);
  return bad === null ? null : `user name ${show(user)} holds ${show(bad[0])}`;
}
