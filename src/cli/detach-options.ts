import { Option } from 'commander';
import { usageError } from '../core/errors.js';
import { checkJobName } from '../core/job.js';
import { startStep } from '../run/jobs/job-steps.js';
import type { PlannedHost } from '../run/plan.js';
import type { ExecOptions } from './commands/exec.js';

export function detachOption(): Option {
  return new Option(
    '--detach <name>',
    'leave it running on each host as the job NAME, and return at once (see pssh-ts jobs)',
  );
}

/** What belongs to a command that we stay with, and what to do instead. */
const NOT_DETACHED = [
  ['stdin', '-I', 'a job reads nothing; put its input on the hosts first'],
  ['tty', '--tty', 'a job has no terminal; leave it out'],
  ['fetch', '--fetch', 'nothing is there yet; fetch it when pssh-ts jobs wait is done'],
  [
    'timeout',
    '--timeout',
    'a job is not watched; give the limit to jobs wait, or write timeout(1) before the command',
  ],
  ['onDisconnect', '--on-disconnect', 'a job goes on without us; leave it out'],
  ['keepCommands', '--keep-commands', 'a job is one command; leave it out'],
  ['sudo', '--sudo', 'a job runs as the login, so that it can be ended; write sudo -n before the command'],
  ['sudoUser', '--sudo-user', 'a job runs as the login; write sudo -n -u USER before the command'],
  ['health', '--health', 'a job has not ended when the check runs; run it behind pssh-ts jobs wait'],
] as const satisfies readonly (readonly [keyof ExecOptions, string, string])[];

/** `--detach`: each host's command becomes a job there. @throws PsshError ERR_USAGE */
export function detached(plan: readonly PlannedHost[], options: ExecOptions): readonly PlannedHost[] {
  const { detach } = options;
  if (detach === undefined) return plan;
  const name = checkJobName(detach, '--detach');
  for (const [option, flag, why] of NOT_DETACHED)
    if (options[option] !== undefined && options[option] !== false)
      throw usageError(`${flag} and --detach exclude each other: ${why}`);
  return plan.map((host) => {
    const [step, ...more] = host.steps;
    if (more.length > 0) throw usageError('--detach: a job is one command; join them with ; or &&');
    if (step === undefined || !('text' in step) || host.skipped !== undefined) return host;
    if (step.input !== undefined)
      throw usageError('--detach: a job reads nothing; put the script on the hosts first');
    return { ...host, steps: [startStep(name, step)] };
  });
}
