import path from 'node:path';
import type { Command } from 'commander';
import { parseDuration } from '../core/duration.js';
import { usageError } from '../core/errors.js';
import { TRANSFER_DEFAULTS } from '../core/files.js';
import { type Job, jobFolder } from '../core/job.js';
import type { RunOptions } from '../core/options.js';
import type { HostResult } from '../core/result.js';
import type { Target } from '../core/target.js';
import { cleanStep, killStep, listStep, logsStep, stateStep, waitStep } from '../run/jobs/job-steps.js';
import type { PlannedStep } from '../run/plan.js';
import { fileNames } from '../sinks/file-name.js';
import type { ExecOptions } from './commands/exec.js';
import { refuseWithoutMaster, resolveConnection } from './connection-options.js';
import { configFileOf } from './defaults.js';
import { dryRun } from './dry-run.js';
import { execute } from './execute.js';
import type { Io } from './io.js';
import { jobsDocument, jobsTable } from './jobs-table.js';
import { checkKeptOptions } from './kept-options.js';
import { resolveRun } from './run-options.js';
import { resolveTargets } from './targets.js';
import { chosenView } from './view-options.js';

export type JobsVerb = 'list' | 'wait' | 'logs' | 'kill' | 'fetch' | 'clean';

export interface JobsOptions extends ExecOptions {
  readonly reconnect?: string;
  readonly follow?: boolean;
}

export interface JobsRequest {
  readonly verb: JobsVerb;
  /** Null: all of them (`list`). */
  readonly name: string | null;
  /** Where `fetch` brings files to. */
  readonly folder?: string;
  readonly program: Command;
  readonly command: Command;
  readonly options: JobsOptions;
  readonly io: Io;
}

const RECONNECT_MS = 60_000;

/** Does something with jobs on the targets. @returns the exit code @throws PsshError ERR_USAGE, ERR_INVENTORY */
export async function runJobs(request: JobsRequest): Promise<number> {
  const { verb, program, command, options, io } = request;
  const connection = resolveConnection(options, io.env);
  if (verb === 'fetch') refuseWithoutMaster(connection, 'jobs fetch');
  // Of a list the document is our own.
  const view = verb === 'list' ? 'quiet' : chosenView(options);
  const run = resolveRun(options, view, io);
  checkKeptOptions(options);
  const steps = stepsFor(request, run);
  const onNote = (note: string): void =>
    void (options.quiet ? undefined : io.stderr.write(`pssh-ts: ${note}\n`));
  const config = configFileOf(program, io.env, command);
  const targets = await resolveTargets({ options, connection, config, io, onNote });
  const found = new Map<Target, readonly Job[]>();
  const names = fileNames(targets);
  const plan = targets.map((target, place) => ({
    target,
    steps: steps(names[place] ?? '', (jobs) => void found.set(target, jobs)),
  }));
  if (options.dryRun === true) return dryRun(plan, connection, run, io);
  const ended: HostResult[] = [];
  const code = await execute({
    name: 'jobs',
    plan,
    connection,
    run,
    commands: plan[0]?.steps.map((step) => step.command) ?? [],
    view,
    // These are looks at a run; the run is what rerun can do again.
    options: { ...options, record: false },
    io,
    count: targets.length,
    onResult: (result) => void ended.push(result),
  });
  if (verb === 'list') {
    const rows = targets.flatMap((target) => (found.get(target) ?? []).map((job) => ({ target, job })));
    if (options.json === true) io.stdout.write(`${jobsDocument(targets, ended, rows)}\n`);
    else for (const line of jobsTable(rows)) io.stdout.write(`${line}\n`);
    if (rows.length === 0 && code === 0 && options.json !== true && options.quiet !== true)
      io.stderr.write('pssh-ts: no jobs\n');
  }
  return code;
}

type Steps = (folder: string, onJobs: (jobs: readonly Job[]) => void) => readonly PlannedStep[];

/** @throws PsshError ERR_USAGE */
function stepsFor({ verb, name, folder, options }: JobsRequest, run: RunOptions): Steps {
  const reconnectMs =
    options.reconnect === undefined ? RECONNECT_MS : parseDuration(options.reconnect, '--reconnect');
  if (verb === 'list') return (_, onJobs) => [listStep(name, onJobs)];
  if (name === null) throw usageError(`jobs ${verb}: name a job`);
  if (folder === '') throw usageError('jobs fetch: the folder is empty; name one, or leave it out');
  const owners = new Map<string, string>();
  const steps = {
    wait: () => [waitStep(name, reconnectMs)],
    logs: () => [logsStep(name, options.follow === true, reconnectMs)],
    kill: () => [killStep(name, run.killGraceMs)],
    clean: () => [cleanStep(name)],
    fetch: (host) => {
      const into = path.join(path.resolve(folder ?? name), host);
      const request = {
        kind: 'get',
        sources: ['stdout', 'stderr', 'status'].map((file) => `${jobFolder(name)}/${file}`),
        folder: into,
        suffix: '',
        // One that runs, or that died, has no status.
        ignoreMissing: true,
        options: TRANSFER_DEFAULTS,
        owners,
      } as const;
      return [stateStep(name), { command: `get ${jobFolder(name)} ${folder ?? name}`, request }];
    },
  } satisfies Record<Exclude<JobsVerb, 'list'>, Steps>;
  return steps[verb];
}
