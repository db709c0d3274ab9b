import type { Command } from 'commander';
import { parseDuration } from '../../core/duration.js';
import { usageError } from '../../core/errors.js';
import { EXIT } from '../../core/exit-code.js';
import { CONNECTION_DEFAULTS, type ConnectionOptions } from '../../core/options.js';
import type { Target } from '../../core/target.js';
import type { Opened } from '../../master/open-masters.js';
import { terminalSafe } from '../../sinks/terminal-safe.js';
import type { CommandContext } from '../command-context.js';
import { resolveConnection } from '../connection-options.js';
import { configFileOf } from '../defaults.js';
import { interruptible } from '../interrupt.js';
import type { Io } from '../io.js';
import { addHostWords, withHostWords } from '../named-hosts.js';
import { readSecrets } from '../secrets.js';
import { addGeneralOptions, type SharedOptions } from '../shared-options.js';
import { resolveTargets } from '../targets.js';

/** `masters open`: logs in with ssh's own questions, a host at a time. */
export function addMastersOpenCommand(
  masters: Command,
  program: Command,
  { io, done }: CommandContext,
): Command {
  const command = masters
    .command('open')
    .description(
      'Log in to each host in turn, with the questions that ssh asks (passwords, codes, host keys), for later runs to use.',
    );
  addHostWords(command, '[HOSTS...]');
  addGeneralOptions(command);
  command.action(async (words: readonly string[]) => {
    const options = withHostWords<SharedOptions>(command, words);
    const connection = checkedForOpen(options, io);
    const config = configFileOf(program, io.env, command);
    const say = (text: string): void => void io.stderr.write(`pssh-ts: ${text}\n`);
    const targets = await resolveTargets({ options, connection, config, io, onNote: say });
    if (options.dryRun === true) {
      for (const { label } of targets) say(`${label}: would be logged in to`);
      return done(EXIT.ok);
    }
    done(await open(targets, connection, io, options.quiet === true, say));
  });
  return command;
}

/** A connection that is opened is to stay, in CI too. @throws PsshError ERR_USAGE */
function checkedForOpen(options: SharedOptions, io: Io): ConnectionOptions {
  const connection = resolveConnection(options, io.env);
  if (!connection.mux) throw usageError('masters open: --no-mux has no masters; leave it out');
  if (options.persist === undefined)
    return Object.freeze({ ...connection, persistMs: CONNECTION_DEFAULTS.persistMs });
  if (parseDuration(options.persist, '--persist') > 0) return connection;
  throw usageError('masters open: --persist 0 would leave nothing open; leave it out, or write 1h');
}

async function open(
  targets: readonly Target[],
  connection: ConnectionOptions,
  io: Io,
  quiet: boolean,
  say: (text: string) => void,
): Promise<number> {
  // Loaded when it is needed: every start reads this file.
  const [{ openMasters }, { openRuntimeDir }] = await Promise.all([
    import('../../master/open-masters.js'),
    import('../../master/runtime-dir.js'),
  ]);
  const { path: folder, notes } = openRuntimeDir();
  for (const note of quiet ? [] : notes) say(note);
  await readSecrets(connection);
  // Who gives the answer beforehand is not asked by ssh.
  const prompts = io.stderr.isTTY === true && connection.secrets === undefined;
  if (!prompts && connection.secrets === undefined) say('no terminal: ssh can ask nothing here (BatchMode)');
  const { signal, code, stop } = interruptible(io);
  const counts: Record<Opened['kind'], number> = { opened: 0, live: 0, users: 0, failed: 0 };
  try {
    await openMasters({
      folder,
      targets,
      connection,
      prompts,
      signal,
      onLogin: ({ label }) => (quiet ? undefined : say(`${label}: logging in`)),
      onOpened: ({ label }, opened) => {
        counts[opened.kind] += 1;
        if (!quiet || opened.kind === 'failed') say(`${label}: ${describe(opened)}`);
      },
    });
  } finally {
    stop();
  }
  const done = counts.opened + counts.live + counts.users + counts.failed;
  const parts = [
    `${counts.opened} opened`,
    ...(counts.live + counts.users > 0 ? [`${counts.live + counts.users} open already`] : []),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(done < targets.length ? [`${targets.length - done} not tried to the end`] : []),
  ];
  if (!quiet) say(parts.join(', '));
  return code() ?? (counts.failed > 0 ? EXIT.ssh : EXIT.ok);
}

function describe(opened: Opened): string {
  switch (opened.kind) {
    case 'opened':
      return `open (process ${opened.pid})`;
    case 'live':
      return opened.usedBy === null
        ? `open already (process ${opened.pid})`
        : `open already, in use by process ${opened.usedBy}`;
    case 'users':
      return `your own master is open (process ${opened.pid}); later runs use it`;
    case 'failed':
      return `not opened: ${terminalSafe(opened.reason)}`;
  }
}
