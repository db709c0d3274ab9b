import type { Job, JobState } from '../../core/job.js';
import { TELL } from './job-scripts.js';

/** What the script of a job tells. */
export type JobReport =
  | { readonly kind: 'started' | 'taken' | 'listed' | 'cleaned' }
  /** Null: there is no such job. */
  | { readonly kind: 'state'; readonly state: JobState | null }
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'kill'; readonly killed: 'none' | 'confirmed' | 'unknown' }
  | { readonly kind: 'fault'; readonly message: string };

/** One line of a script's; null where it is something else (what a login's start files say). */
export function parseReport(line: string): JobReport | null {
  const at = line.indexOf(TELL);
  if (at === -1) return null;
  const text = line.slice(at + TELL.length).trimEnd();
  const fields = text.split('|');
  const [kind = ''] = fields;
  if (kind === 'started' || kind === 'taken' || kind === 'listed' || kind === 'cleaned') return { kind };
  if (kind === 'fault') return { kind, message: fields.slice(1).join('|') };
  if (kind === 'state') return { kind, state: stateOf(fields) };
  const killed = /^kill (none|confirmed|unknown)$/.exec(text)?.[1];
  if (killed !== undefined) return { kind: 'kill', killed: killed as 'none' };
  const state = kind === 'job' ? stateOf(fields) : null;
  if (state === null) return null;
  const [, , , , , , name = '', ...command] = fields;
  return { kind: 'job', job: { ...state, name, command: command.join('|').trim() } };
}

const STATES = ['starting', 'running', 'ended', 'died'] as const;
const REASONS = ['restarted', 'killed', 'unstarted'] as const;

function stateOf([, word, result = '', started, ended, pid]: readonly string[]): JobState | null {
  const state = STATES.find((one) => one === word);
  if (state === undefined) return null;
  const status = /^exit (\d{1,3})$/.exec(result)?.[1];
  const signal = /^signal ([A-Z0-9+-]{1,20})$/.exec(result)?.[1];
  // A file that says neither (the disk was full) tells nothing.
  const unread = state === 'ended' && status === undefined && signal === undefined;
  return {
    state: unread ? 'died' : state,
    exitCode: status === undefined ? null : Number(status),
    signal: signal ?? null,
    reason: unread ? 'killed' : (REASONS.find((one) => one === result) ?? null),
    startedAt: timeOf(started),
    endedAt: timeOf(ended),
    pid: pid !== undefined && /^\d{1,10}$/.test(pid) ? Number(pid) : null,
  };
}

function timeOf(text = ''): Date | null {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? new Date(text) : null;
}
