import { type Command, Option } from 'commander';
import { checkExitCode } from '../../core/check.js';
import { usageError } from '../../core/errors.js';
import { EXIT } from '../../core/exit-code.js';
import { RUN_DEFAULTS } from '../../core/options.js';
import { show } from '../../core/show.js';
import type { Target } from '../../core/target.js';
import { nowMs } from '../../ssh/now.js';
import type { CommandContext } from '../command-context.js';
import { refuseWithoutMaster, resolveConnection, wholeNumber } from '../connection-options.js';
import { configFileOf } from '../defaults.js';
import { interruptible } from '../interrupt.js';
import type { Io } from '../io.js';
import { addHostWords, withHostWords } from '../named-hosts.js';
import { readSecrets } from '../secrets.js';
import { addGeneralOptions, type SharedOptions } from '../shared-options.js';
import { resolveTargets } from '../targets.js';

interface CheckCommandOptions extends SharedOptions {
  readonly tools?: string;
  readonly sudo?: boolean;
  readonly json?: boolean;
}

/** What pssh-ts itself runs on hosts; of these a lack is a warning. */
const USUAL_TOOLS = 'scp,rsync,tar,sha256sum';

/** `check`: can each host be used, and if not, why and what mends it. */
export function addCheckCommand(program: Command, { io, done }: CommandContext): Command {
  const command = program
    .command('check')
    .description(
      'Log in to each host anew and say whether it can be used, and if not, why and which command mends it.',
    );
  addHostWords(command, '[options] [HOSTS...]');
  const options: readonly Option[] = [
    new Option(
      '--tools <names>',
      `programs that each host must have, with commas (default: warn where one of ${USUAL_TOOLS} is missing)`,
    ),
    new Option('--sudo', 'also: does sudo -n work'),
    new Option('--json', 'as JSON, pssh-ts/check@1'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Check:'));
  addGeneralOptions(command);
  command.action(async (words: readonly string[]) => {
    const options = withHostWords<CheckCommandOptions>(command, words);
    const connection = resolveConnection(options, io.env);
    refuseWithoutMaster(connection, 'check');
    const fanout = wholeNumber(options.fanout, '--fanout', 1, 10_000) ?? RUN_DEFAULTS.fanout;
    const tools = readTools(options.tools ?? USUAL_TOOLS);
    const config = configFileOf(program, io.env, command);
    const onNote = (note: string): void => void io.stderr.write(`pssh-ts: ${note}\n`);
    const targets = await resolveTargets({ options, connection, config, io, onNote });
    if (options.dryRun === true) {
      for (const { label } of targets) onNote(`${label}: would be logged in to and checked`);
      return done(EXIT.ok);
    }
    const toolsAsked = options.tools !== undefined;
    const sudo = options.sudo === true;
    done(await check(targets, { connection, fanout, tools, toolsAsked, sudo, onNote }, options, io));
  });
  return command;
}

type Asked = Omit<Parameters<typeof import('../../run/check/check-hosts.js').checkHosts>[1], 'signal'>;

async function check(
  targets: readonly Target[],
  asked: Asked,
  { json, quiet }: CheckCommandOptions,
  io: Io,
): Promise<number> {
  // Loaded when it is needed: every start reads this file.
  const [{ checkHosts }, { checkRows, checkSummary }, { checkJson }] = await Promise.all([
    import('../../run/check/check-hosts.js'),
    import('../../sinks/check.js'),
    import('../../sinks/check-json.js'),
  ]);
  await readSecrets(asked.connection);
  const { signal, code, stop } = interruptible(io, (first) => io.exitNow(first));
  const startedAt = new Date();
  const started = nowMs();
  try {
    const results = await checkHosts(targets, { ...asked, signal });
    const exitCode = code() ?? checkExitCode(results);
    const durationMs = Math.round(nowMs() - started);
    if (json === true) io.stdout.write(`${checkJson(results, { startedAt, durationMs, exitCode })}\n`);
    else for (const row of checkRows(results, quiet === true)) io.stdout.write(row);
    if (quiet !== true) asked.onNote(checkSummary(results));
    return exitCode;
  } finally {
    stop();
  }
}

function readTools(text: string): readonly string[] {
  const tools = text.split(',').map((tool) => tool.trim());
  const bad = tools.find((tool) => !/^[A-Za-z0-9_][\w.+-]*$/.test(tool));
  if (bad !== undefined)
    throw usageError(`--tools: ${show(bad)} is no name of a program; write names with commas: tar,rsync`);
  return [...new Set(tools)];
}
