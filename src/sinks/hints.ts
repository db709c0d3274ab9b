import type { ErrorCode } from '../core/errors.js';

const HINTS = {
  ERR_CONNECT: (host) => `is sshd running there and its port open? ssh -v ${host} tells more`,
  ERR_CONNECT_TIMEOUT: () => 'is it up, and can it be reached from here? -t gives it more time',
  ERR_RESOLVE: () => 'check the name, or give it a HostName in ~/.ssh/config',
  ERR_AUTH: (host) =>
    `ssh ${host} shows what it asks for; -l names a login, -i a key, and ssh-add loads one into the agent`,
  ERR_HOST_KEY: (host) =>
    `make sure that it is the right machine; then ssh ${host} or --accept-new learns a new key, ssh-keygen -R drops a changed one`,
  ERR_CHANNEL_OPEN: () => 'its server grants no more sessions (MaxSessions); see pssh-ts masters list',
  ERR_DISCONNECTED: () => 'how the command ended is not known: look before it is run again',
  ERR_MUX_PROTOCOL: () => '--transport process goes over ssh itself',
  ERR_MASTER: () => 'pssh-ts masters close, then try again',
  ERR_SSH_SPAWN: () => null,
  ERR_TRANSFER: () => null,
  ERR_JOB: () => null,
  ERR_SUDO: () => null,
  ERR_CHECK: () => null,
  ERR_USAGE: () => null,
  ERR_INVENTORY: () => null,
} as const satisfies Record<ErrorCode, (host: string) => string | null>;

/** What to try after a failure, in a few words. @param host one of those that failed, as ssh takes it */
export function hintFor(code: ErrorCode, host: string): string | null {
  return HINTS[code](host);
}
