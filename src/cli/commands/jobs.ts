import { type Command, Option } from 'commander';
import { checkJobName } from '../../core/job.js';
import { type CommandContext, commandRequired } from '../command-context.js';
import type { JobsOptions, JobsVerb } from '../jobs-run.js';
import { addKeptOptions } from '../kept-options.js';
import {
  addConnectionOptions,
  addGeneralOptions,
  addTargetOptions,
  mergedOptions,
} from '../shared-options.js';
import { viewOptions } from '../view-options.js';

const RECONNECT = new Option(
  '--reconnect <duration>',
  'how long a host whose connection is lost is tried for again (default 1m)',
);
const GRACE = new Option('--kill-grace <duration>', 'between TERM and KILL (default 5s)');
const FOLLOW = new Option('-f, --follow', 'go on as it is written, until the job has ended');

interface Verb {
  readonly words: string;
  readonly description: string;
  readonly own?: readonly Option[];
  /** It shows output, or results that are worth keeping. */
  readonly kept?: boolean;
}

const VERBS = {
  list: {
    words: '[name]',
    description: "The hosts' jobs: what runs, what has ended and how, what died.",
  },
  wait: {
    words: '<name>',
    description: 'Wait until the job has ended on every host; its exit status is the result.',
    own: [RECONNECT],
    kept: true,
  },
  logs: {
    words: '<name>',
    description: 'What the job has written.',
    own: [FOLLOW, RECONNECT],
    kept: true,
  },
  kill: {
    words: '<name>',
    description: 'End every process of the job: TERM, after the grace KILL.',
    own: [GRACE],
  },
  fetch: {
    words: '<name> [folder]',
    description:
      'Bring stdout, stderr and status of the job to FOLDER/HOST/ (default: a folder of its name).',
  },
  clean: {
    words: '<name>',
    description: 'Remove what a job that has ended has left on the hosts.',
  },
} as const satisfies Record<JobsVerb, Verb>;

/** `jobs list`, `jobs wait` and the others. */
export function addJobsCommand(program: Command, context: CommandContext): Command[] {
  const jobs = program
    .command('jobs')
    .description('Commands that were left running by exec --detach NAME.')
    .usage('list|wait|logs|kill|fetch|clean [targets] [connection] [options] [NAME]');
  const verbs = Object.entries(VERBS).map(([verb, words]) =>
    addVerb(program, jobs, verb as JobsVerb, words, context),
  );
  commandRequired(jobs);
  return [jobs, ...verbs];
}

function addVerb(
  program: Command,
  jobs: Command,
  verb: JobsVerb,
  words: Verb,
  { io, done }: CommandContext,
): Command {
  const command = jobs
    .command(verb)
    .description(words.description)
    .usage(`[targets] [connection] [options] ${words.words.replace(/[<>]/g, '').toUpperCase()}`)
    .arguments(words.words);
  addTargetOptions(command);
  addConnectionOptions(command);
  if (verb === 'logs') freeShortName(command, '--fanout');
  const running: readonly Option[] = [
    ...(words.own ?? []),
    new Option('-u, --timeout <duration>', 'time for one host (default none); the job goes on'),
    new Option('--deadline <duration>', 'time for the whole run (default none); the job goes on'),
    new Option('-S, --max-status', 'exit with the largest remote status'),
  ];
  for (const option of running) command.addOption(option.helpGroup('Running:'));
  const views = verb === 'list' ? [new Option('--json', 'one JSON document')] : viewOptions();
  for (const option of views) command.addOption(option.helpGroup('Output:'));
  if (words.kept === true) addKeptOptions(command);
  addGeneralOptions(command);
  command.action(async (name: string | undefined, folder: unknown) => {
    const options = mergedOptions<JobsOptions>(command);
    if (name !== undefined) checkJobName(name, `jobs ${verb}`);
    // Loaded when it is needed: every start reads this file, few need the jobs.
    const { runJobs } = await import('../jobs-run.js');
    const request = { verb, name: name ?? null, ...(typeof folder === 'string' ? { folder } : {}) };
    done(await runJobs({ ...request, program, command, options, io }));
  });
  return command;
}

/** `logs -f` follows, as tail and its kin have it; before the command `-f` is the fanout as ever. */
function freeShortName(command: Command, long: string): void {
  const option = command.options.find((one) => one.long === long);
  if (option?.short === undefined) return;
  option.flags = option.flags.replace(`${option.short}, `, '');
  delete option.short;
}
