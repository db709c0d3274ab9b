import { usageError } from './errors.js';
import { show } from './show.js';

/** A command left running on a host by `exec --detach NAME`, as the host tells of it. */
export interface JobState {
  /** `died`: it is gone and left no status, so how it ended is not known. */
  readonly state: 'starting' | 'running' | 'ended' | 'died';
  readonly exitCode: number | null;
  /** The signal that ended it, without `SIG`. */
  readonly signal: string | null;
  /** Of what died: why, as far as it can be told. */
  readonly reason: 'restarted' | 'killed' | 'unstarted' | null;
  /** Times of the host's clock. */
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** The process that leads its session. */
  readonly pid: number | null;
}

/** One of the jobs that a host has. */
export interface Job extends JobState {
  readonly name: string;
  /** The beginning of it, as it was written. */
  readonly command: string;
}

const DEATHS = {
  restarted: 'the job died: the host was started anew while it ran',
  killed: 'the job died without leaving a status: it was killed with all that would have told',
  unstarted: 'the job was never started: its start was broken off',
} as const satisfies Record<NonNullable<JobState['reason']>, string>;

export function deathOf({ reason }: Pick<JobState, 'reason'>): string {
  return DEATHS[reason ?? 'killed'];
}

/** The folder of a job, as a path for the host. */
export const jobFolder = (name: string): string => `~/.local/state/pssh-ts/jobs/${name}`;

/** @throws PsshError ERR_USAGE for what is no name of a job */
export function checkJobName(name: string, what: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const rule = 'letters, digits, ".", "_" and "-", at most 100, and no "." or "-" at the beginning';
  throw usageError(`${what}: ${show(name)} is no name for a job; write ${rule}`);
}
