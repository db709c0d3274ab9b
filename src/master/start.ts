import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { PsshError } from '../core/errors.js';
import { shortage } from '../core/shortage.js';
import { type MasterArgs, masterArgs } from '../ssh/argv.js';
import { connectedAddress, type Diagnosis, diagnose } from '../ssh/diagnose.js';
import { knownKeyAt } from '../ssh/known-keys.js';
import { spawnSsh } from '../ssh/spawn.js';
import { aliveCheck, ControlError, terminateMaster } from './control.js';
import { makeLog, readLog } from './ssh-log.js';

const ALIVE_DEADLINE_MS = 5_000;

const LOST_AT_ONCE: Diagnosis = {
  status: 'unreachable',
  code: 'ERR_CONNECT',
  reason: 'the connection was lost right after the login',
  retry: true,
};

export interface StartOptions extends MasterArgs {
  /** What brings its questions to us. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the attempt: our own clock, or a cancel. */
  readonly signal: AbortSignal;
}

export type StartOutcome =
  | { readonly ok: true; readonly pid: number; readonly address: string | null }
  /** `loggedIn`: it was lost right after the login, which says nothing of the server's patience with many. */
  | { readonly ok: false; readonly diagnosis: Diagnosis; readonly loggedIn: boolean };

/**
 * Logs in and leaves a master listening on the control path, which must not be occupied: on an occupied one ssh
 * would leave a process behind that serves nobody.
 * @throws the signal's reason when it is aborted; PsshError ERR_SSH_SPAWN, ERR_MASTER
 */
export async function startMaster(options: StartOptions): Promise<StartOutcome> {
  const { controlPath, logPath, signal, env = {} } = options;
  signal.throwIfAborted();
  await makeLog(logPath);
  const ssh = await spawnSsh(masterArgs(options), { stdin: 'ignore', output: 'ignore', env });
  const abort = (): void => ssh.kill('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const { code } = await ssh.exited;
  signal.removeEventListener('abort', abort);
  if (signal.aborted) {
    // It may have gone to the background in the very moment it was given up.
    await terminateMaster(controlPath, ALIVE_DEADLINE_MS).catch(() => undefined);
    await rm(controlPath, { force: true });
    signal.throwIfAborted();
  }
  const log = await readLog(logPath);
  if (code !== 0) {
    ssh.kill('SIGKILL');
    if (log === null && !existsSync(path.dirname(logPath))) {
      throw new PsshError('ERR_MASTER', `the runtime folder ${path.dirname(logPath)} was removed`);
    }
    return { ok: false, diagnosis: diagnose(log ?? '', knownKeyAt), loggedIn: false };
  }
  try {
    const pid = await aliveCheck(controlPath, ALIVE_DEADLINE_MS);
    return { ok: true, pid, address: connectedAddress(log ?? '')?.address ?? null };
  } catch (cause) {
    if (
      cause instanceof ControlError &&
      (cause.fault === 'missing' || cause.fault === 'dead') &&
      !shortage(cause)
    ) {
      // It ended with its connection. On a socket that is left of it ssh would start no other.
      await rm(controlPath, { force: true });
      return { ok: false, diagnosis: LOST_AT_ONCE, loggedIn: true };
    }
    throw new PsshError(
      'ERR_MASTER',
      `the master of ${options.target.label} does not answer: ${(cause as Error).message}`,
      {
        target: options.target.label,
        cause,
      },
    );
  }
}
