import type { Command } from 'commander';
import { Option } from 'commander';
import { joinWords } from '../../core/command.js';
import { parseDuration } from '../../core/duration.js';
import { usageError } from '../../core/errors.js';
import { type ConnectionOptions, type Pty, RUN_DEFAULTS, type RunOptions } from '../../core/options.js';
import { show } from '../../core/show.js';
import { type PlannedHost, planCommands } from '../../run/plan.js';
import type { CommandContext } from '../command-context.js';
import { refuseWithoutMaster, resolveConnection, timeLimit, wholeNumber } from '../connection-options.js';
import { configFileOf } from '../defaults.js';
import { dryRun } from '../dry-run.js';
import type { Io } from '../io.js';
import { addKeptOptions, checkKeptOptions, type KeptOptions } from '../kept-options.js';
import {
  addConnectionOptions,
  addGeneralOptions,
  addTargetOptions,
  collect,
  mergedOptions,
  type SharedOptions,
} from '../shared-options.js';
import { resolveTargets } from '../targets.js';
import { chosenView, parseSize, type ViewName, type ViewOptions, viewOptions } from '../view-options.js';

export interface ExecOptions extends SharedOptions, ViewOptions, KeptOptions {
  readonly command?: readonly string[];
  readonly argv?: boolean;
  readonly raw?: boolean;
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly timeout?: string;
  readonly deadline?: string;
  readonly killGrace?: string;
  readonly onDisconnect?: string;
  readonly drain?: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly keepCommands?: boolean;
  readonly maxStatus?: boolean;
  readonly fetch?: readonly string[];
}

export function addExecCommand(program: Command, { io, done }: CommandContext): Command {
  const command = program
    .command('exec')
    .description('Run a command on every target.')
    .usage('[targets] [connection] [options] [--] WORDS')
    .argument('[words...]', 'the command; words are joined with blanks, as ssh does')
    .passThroughOptions();
  addTargetOptions(command);
  addConnectionOptions(command);
  const options: readonly Option[] = [
    new Option('-c, --command <command>', 'a command; repeatable: one after another on each host').argParser(
      collect,
    ),
    new Option('--argv', 'each word stays one word of the remote command'),
    new Option('--raw', 'send the words alone, without PSSH_* variables'),
    new Option('--env <name=value>', 'set a variable; NAME alone takes our value; repeatable').argParser(
      collect,
    ),
    new Option('--cwd <folder>', 'run in this folder of the host'),
    new Option('-u, --timeout <duration>', 'time for one command (default none)'),
    new Option('--deadline <duration>', 'time for the whole run (default none)'),
    new Option('--kill-grace <duration>', 'between TERM and KILL when a command is given up (default 5s)'),
    new Option(
      '--on-disconnect <kill|leave>',
      'running commands when pssh-ts dies or the connection is lost (default kill)',
    ),
    new Option('--drain <duration>', 'how long output is awaited after a command has exited (default 5s)'),
    new Option('-I, --stdin', 'our input to every host; without it a command reads nothing'),
    new Option('--tty', 'a terminal on the host for each command, as ssh -tt; stderr comes as stdout'),
    new Option(
      '--fetch <remote:local>',
      'after the command bring this file of each host to LOCAL/HOST, as get -r does; repeatable',
    ).argParser(collect),
    new Option('--keep-commands', "after a failing -c the host's next ones still run"),
    new Option('-S, --max-status', 'exit with the largest remote status'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Running:'));
  for (const option of viewOptions()) command.addOption(option.helpGroup('Output:'));
  addKeptOptions(command);
  addGeneralOptions(command);
  command.action(async (words: readonly string[]) => {
    const merged = mergedOptions<ExecOptions>(command);
    const connection = resolveConnection(merged, io.env);
    if (merged.fetch !== undefined) refuseWithoutMaster(connection, '--fetch');
    const view = chosenView(merged);
    const run = resolveRun(merged, view, io);
    checkKeptOptions(merged);
    const frame = {
      env: resolveEnv(merged.env ?? [], io.env),
      raw: merged.raw === true,
      ...(merged.cwd === undefined ? {} : { cwd: merged.cwd }),
    };
    if (frame.raw && (merged.env !== undefined || merged.cwd !== undefined)) {
      throw usageError('--raw sends the words alone; leave out --env and --cwd');
    }
    if (
      merged.stdin === true &&
      merged.host?.some(({ kind, value }) => kind === 'hostfile' && value === '-') === true
    ) {
      throw usageError('-I and --hostfile - would both read our input; name a file of hosts');
    }
    const commands = resolveCommands(words, merged);
    refuseBrokenText([...commands, ...Object.values(frame.env), frame.cwd ?? '']);
    const notes: string[] = [];
    const config = configFileOf(program, io.env, command);
    const onNote = (note: string): void => void notes.push(note);
    const targets = await resolveTargets({ options: merged, connection, config, io, onNote });
    const planned = planCommands(targets, commands, frame);
    const plan = merged.fetch === undefined ? planned : await withFetches(planned, merged.fetch, connection);
    if (!merged.quiet) for (const note of notes) io.stderr.write(`pssh-ts: ${note}\n`);
    // Loaded when it is needed: what only prints or refuses starts quicker.
    const { execute } = await import('../execute.js');
    done(
      merged.dryRun === true
        ? dryRun(plan, connection, run, io)
        : await execute({ plan, connection, run, commands, view, options: merged, io }),
    );
  });
  return command;
}

async function withFetches(
  plan: readonly PlannedHost[],
  fetches: readonly string[],
  connection: ConnectionOptions,
): Promise<readonly PlannedHost[]> {
  const { planFetches } = await import('../fetches.js');
  return planFetches(plan, fetches, connection);
}

function resolveCommands(words: readonly string[], options: ExecOptions): readonly string[] {
  if (options.command !== undefined) {
    if (words.length > 0)
      throw usageError(`a command stands after -c and as words (${show(words.join(' '))}); leave one out`);
    if (options.argv === true)
      throw usageError('--argv is for the words of a command, not for -c; leave one out');
    if (options.command.some((command) => command.trim() === ''))
      throw usageError('-c: the command is empty; write it after -c, or leave that -c out');
    return options.command;
  }
  const command = joinWords(words, options.argv === true);
  if (command.trim() === '')
    throw usageError('no command to run; write it after exec: pssh-ts -H web1 exec uptime');
  return [command];
}

// Node reads our arguments as UTF-8 and puts U+FFFD for what is none: the command would be another than was written.
function refuseBrokenText(texts: readonly string[]): void {
  const broken = texts.find((text) => text.includes('\ufffd'));
  if (broken === undefined) return;
  throw usageError(`${show(broken)} holds bytes that are no UTF-8; send the command over stdin (-I exec sh)`);
}

/** How a run goes. @throws PsshError ERR_USAGE */
export function resolveRun(options: ExecOptions, view: ViewName, io: Io): RunOptions {
  return Object.freeze({
    fanout: wholeNumber(options.fanout, '--fanout', 1, 10_000) ?? RUN_DEFAULTS.fanout,
    timeoutMs: timeLimit(options.timeout, '--timeout'),
    deadlineMs: timeLimit(options.deadline, '--deadline'),
    killGraceMs:
      options.killGrace === undefined
        ? RUN_DEFAULTS.killGraceMs
        : parseDuration(options.killGrace, '--kill-grace'),
    onDisconnect: checkedOnDisconnect(options.onDisconnect),
    drainMs: options.drain === undefined ? RUN_DEFAULTS.drainMs : parseDuration(options.drain, '--drain'),
    capture: view === 'json',
    maxOutput:
      options.maxOutput === undefined ? RUN_DEFAULTS.maxOutput : parseSize(options.maxOutput, '--max-output'),
    keepCommands: options.keepCommands === true,
    pty: options.tty === true ? terminalLike(io, options.raw === true) : null,
  });
}

/** As large as our own terminal, where we have one. */
function terminalLike({ stdout, env }: Io, bare: boolean): Pty {
  const { columns = 80, rows = 24 } = stdout;
  return { term: env.TERM || 'dumb', columns, rows, bare };
}

export function checkedOnDisconnect(text: string | undefined): RunOptions['onDisconnect'] {
  if (text === undefined) return RUN_DEFAULTS.onDisconnect;
  if (text === 'kill' || text === 'leave') return text;
  throw usageError(`--on-disconnect: ${show(text)} is neither kill nor leave; write one of them`);
}

export function resolveEnv(entries: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf('=');
      if (equals !== -1) return [entry.slice(0, equals), entry.slice(equals + 1)];
      const value = env[entry];
      if (value === undefined) throw usageError(`--env: ${show(entry)} is not set here; write NAME=VALUE`);
      return [entry, value];
    }),
  );
}
