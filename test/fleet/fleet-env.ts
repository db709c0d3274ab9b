import { join } from 'node:path';

/** What a command run against the fleet sees: nothing of the person's agent, runtime folder or CI. */
export function fleetEnv(dir: string, user: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    USER: user,
    LOGNAME: user,
    // ssh runs ProxyCommand and Match exec by it.
    SHELL: '/bin/sh',
    HOME: join(dir, 'home'),
    XDG_RUNTIME_DIR: join(dir, 'run'),
    TMPDIR: join(dir, 'tmp'),
  };
}
