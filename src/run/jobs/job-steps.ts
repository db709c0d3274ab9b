import { randomBytes } from 'node:crypto';
import { deathOf, type Job, type JobState } from '../../core/job.js';
import type { HostResult } from '../../core/result.js';
import type { PlannedCommand } from '../plan.js';
import type { JobReport } from './job-report.js';
import {
  cleanCommand,
  killCommand,
  listCommand,
  logsCommand,
  startCommand,
  stateCommand,
  waitCommand,
} from './job-scripts.js';

/** Bytes of a job's output that are read already. */
export interface Received {
  readonly stdout: number;
  readonly stderr: number;
}

/** What a step of a job comes to. */
export type Verdict = Pick<HostResult, 'status' | 'exitCode' | 'signal' | 'error'> & {
  readonly killed?: HostResult['killed'];
  /** For people. */
  readonly note?: string;
};

/** Something done with a job on one host. */
export interface PlannedJob {
  /** What it does, for people. */
  readonly command: string;
  readonly job: JobStep;
}

export interface JobStep {
  /** What is sent; behind a loss of the connection again. */
  text(received: Received): string;
  readonly input?: Uint8Array;
  /** How long a lost host is tried for again. */
  readonly reconnectMs: number;
  /** Given up, it is not known what became of it. */
  readonly startsJob?: boolean;
  /** What the script told comes to. Null: it told nothing that fits. @param again it was sent before */
  verdict(reports: readonly JobReport[], again: boolean): Verdict | null;
}

const OK: Verdict = { status: 'ok', exitCode: 0, signal: null, error: null };
const SHORT_RECONNECT_MS = 10_000;

function fault(message: string): Verdict {
  return { status: 'failed', exitCode: null, signal: null, error: { code: 'ERR_JOB', message } };
}

type Of<K extends JobReport['kind']> = Extract<JobReport, { readonly kind: K }>;

function find<K extends JobReport['kind']>(reports: readonly JobReport[], kind: K): Of<K> | undefined {
  return reports.find((report): report is Of<K> => report.kind === kind);
}

/** How the job itself ended. */
function endOf(name: string, state: JobState | null): Verdict {
  if (state === null) return fault(noJob(name));
  if (state.signal !== null) return { ...OK, status: 'signaled', exitCode: null, signal: state.signal };
  if (state.exitCode !== null)
    return { ...OK, status: state.exitCode === 0 ? 'ok' : 'failed', exitCode: state.exitCode };
  return fault(state.state === 'died' ? deathOf(state) : `the job ${name} has not ended`);
}

const noJob = (name: string): string => `there is no job ${name}`;

/** Starts a command that goes on without us. */
export function startStep(name: string, { command, text }: PlannedCommand): PlannedJob {
  const mark = randomBytes(12).toString('hex');
  const input = Buffer.from(text);
  // Only to be shown; a line is enough, and the whole is in the input.
  const shown = command.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 300);
  return {
    command,
    job: {
      text: () => startCommand(name, mark, input.length, shown),
      input,
      reconnectMs: SHORT_RECONNECT_MS,
      startsJob: true,
      verdict: (reports) => {
        if (find(reports, 'started') !== undefined) return OK;
        const refused = find(reports, 'fault');
        if (refused !== undefined) return fault(`the job was not started: ${refused.message}`);
        if (find(reports, 'taken') === undefined) return null;
        const state = find(reports, 'state')?.state ?? null;
        const runs = state?.state === 'running' || state?.state === 'starting';
        return fault(
          runs
            ? `a job ${name} runs already; take another name`
            : `there is a job ${name} that has ended; take it away (pssh-ts jobs clean ${name}) or take another name`,
        );
      },
    },
  };
}

export function waitStep(name: string, reconnectMs: number): PlannedJob {
  return {
    command: `jobs wait ${name}`,
    job: {
      text: () => waitCommand(name),
      reconnectMs,
      verdict: (reports) => {
        const told = find(reports, 'state');
        return told === undefined ? null : endOf(name, told.state);
      },
    },
  };
}

export function logsStep(name: string, follow: boolean, reconnectMs: number): PlannedJob {
  return {
    command: `jobs logs ${name}`,
    job: {
      text: ({ stdout, stderr }) => logsCommand(name, follow, stdout, stderr),
      reconnectMs,
      verdict: (reports) => {
        const told = find(reports, 'state');
        if (told === undefined) return OK;
        return fault(told.state === null ? noJob(name) : deathOf(told.state));
      },
    },
  };
}

/** Fails where there is no such job; of one that runs it says so. */
export function stateStep(name: string): PlannedJob {
  return {
    command: `jobs list ${name}`,
    job: {
      text: () => stateCommand(name),
      reconnectMs: SHORT_RECONNECT_MS,
      verdict: (reports) => {
        const told = find(reports, 'state');
        if (told === undefined) return null;
        if (told.state === null) return fault(noJob(name));
        if (told.state.state === 'died') return { ...OK, note: deathOf(told.state) };
        return told.state.state === 'ended' ? OK : { ...OK, note: `the job ${name} has not ended yet` };
      },
    },
  };
}

/** @param onJobs told of what the host has */
export function listStep(name: string | null, onJobs: (jobs: readonly Job[]) => void): PlannedJob {
  return {
    command: name === null ? 'jobs list' : `jobs list ${name}`,
    job: {
      text: () => listCommand(name),
      reconnectMs: SHORT_RECONNECT_MS,
      verdict: (reports) => {
        if (find(reports, 'listed') === undefined) return null;
        onJobs(reports.flatMap((report) => (report.kind === 'job' ? [report.job] : [])));
        return OK;
      },
    },
  };
}

export function killStep(name: string, graceMs: number): PlannedJob {
  return {
    command: `jobs kill ${name}`,
    job: {
      text: () => killCommand(name, graceMs),
      reconnectMs: SHORT_RECONNECT_MS,
      verdict: (reports, again) => {
        const [kill, told] = [find(reports, 'kill'), find(reports, 'state')];
        if (told?.state === null) return fault(noJob(name));
        if (kill === undefined || told === undefined) return null;
        if (kill.killed === 'confirmed') return { ...OK, killed: 'confirmed' };
        if (kill.killed === 'unknown')
          return { ...fault('whether the job still runs is not known'), killed: 'unknown' };
        // Over an earlier connection it may have been we who ended it.
        return again ? OK : { ...OK, note: `the job ${name} had ended before` };
      },
    },
  };
}

export function cleanStep(name: string): PlannedJob {
  return {
    command: `jobs clean ${name}`,
    job: {
      text: () => cleanCommand(name),
      reconnectMs: SHORT_RECONNECT_MS,
      verdict: (reports, again) => {
        if (find(reports, 'cleaned') !== undefined) return OK;
        const told = find(reports, 'state');
        if (told === undefined) return null;
        if (told.state === null) return again ? OK : fault(noJob(name));
        return fault(`the job ${name} runs; end it first (pssh-ts jobs kill ${name})`);
      },
    },
  };
}
