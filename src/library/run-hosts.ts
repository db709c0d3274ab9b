import type { CommandEvent, CommandResult } from '../core/command-result.js';
import { usageError } from '../core/errors.js';
import type { RunSummary, Sink } from '../core/events.js';
import { planCommands } from '../run/plan.js';
import { EventQueue } from './event-queue.js';
import type { Host } from './host.js';
import { linkSignals } from './link-signals.js';
import { type CommandOptions, type MachineOptions, resolveCommand } from './options.js';
import { runPlanned, targetsFor, teller } from './run-planned.js';
import { resolveSudo } from './sudo.js';

/** What a run on several machines came to. */
export interface RunOutcome {
  /** One for each machine and command, in the machines' order. */
  readonly results: readonly CommandResult[];
  /** How many machines ended how. */
  readonly summary: RunSummary;
}

export interface HostsRun {
  readonly hosts: readonly Host[];
  readonly commands: readonly string[];
  readonly defaults: MachineOptions;
  readonly options: CommandOptions;
  /** Those whose closing ends it. */
  readonly owners: readonly AbortSignal[];
  /** Besides the options' onEvent. */
  readonly sinks?: readonly Sink[];
  /** Keep output in the results. @default true */
  readonly capture?: boolean;
}

/**
 * Runs commands on hosts.
 * @throws PsshError ERR_USAGE, ERR_MASTER; what onEvent throws, or the input
 */
export async function runHosts(request: HostsRun): Promise<RunOutcome> {
  const { hosts, options, defaults, owners, sinks = [], capture = true } = request;
  const outcome = await runPlanned({
    hosts,
    run: { ...resolveCommand(defaults, options), capture },
    plan: planFor(request),
    signals: [options.signal, ...owners],
    stdin: options.stdin,
    sinks: [...sinks, ...teller<CommandEvent>(options.onEvent ?? defaults.onEvent)],
  });
  // What the runner gives is what CommandResult says of each status; a test looks at every ending.
  return outcome as RunOutcome;
}

/** The events of a run as they come; whoever stops reading cancels it. */
export async function* streamHosts(request: HostsRun): AsyncGenerator<CommandEvent, void, undefined> {
  const queue = new EventQueue();
  const left = new AbortController();
  // A reader that waits for close() does not read meanwhile.
  const closed = linkSignals(request.owners);
  closed.signal.addEventListener('abort', () => queue.letRun(), { once: true });
  const owners = [...request.owners, left.signal];
  const running = runHosts({ capture: false, ...request, owners, sinks: [queue] }).finally(() => {
    closed.dispose();
    queue.finish();
  });
  // Thrown below, where somebody waits for it.
  running.catch(() => undefined);
  try {
    for (let event = await queue.next(); event !== null; event = await queue.next()) {
      yield event as CommandEvent;
    }
    await running;
  } finally {
    left.abort(new Error('nobody reads the events any more'));
    queue.drop();
    await running.catch(() => undefined);
  }
}

/** @throws PsshError ERR_USAGE for a command or value that can't be sent */
function planFor({ hosts, commands, defaults, options }: HostsRun) {
  const cwd = options.cwd ?? defaults.cwd;
  if (commands.length === 0) throw usageError('there is no command to run; give one');
  for (const command of commands) {
    if (typeof command !== 'string' || command.trim() === '')
      throw usageError('the command is empty; write what to run');
  }
  const env = { ...defaults.env, ...options.env };
  return planCommands(targetsFor(hosts), commands, {
    env,
    raw: false,
    ...resolveSudo(defaults, options),
    ...(cwd === undefined ? {} : { cwd }),
  });
}
