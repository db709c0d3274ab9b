import type { CommandEvent, CommandResult } from '../core/command-result.js';
import { usageError } from '../core/errors.js';
import type { RunEvent, RunSummary, Sink } from '../core/events.js';
import type { RunOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { planCommands } from '../run/plan.js';
import { runPlan } from '../run/runner.js';
import { EventQueue } from './event-queue.js';
import type { Host } from './host.js';
import { openInput } from './input.js';
import { linkSignals } from './link-signals.js';
import { type CommandOptions, type MachineOptions, resolveCommand } from './options.js';

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
  const { hosts, options, owners } = request;
  const run = { ...resolveCommand(request.defaults, options), capture: request.capture ?? true };
  const plan = planFor(request);
  const linked = linkSignals([options.signal, ...owners]);
  const working = runPlanned(request, run, plan, linked).finally(linked.dispose);
  for (const host of hosts) host.track(working).catch(() => undefined);
  return working;
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

async function runPlanned(
  { hosts, defaults, options, sinks = [] }: HostsRun,
  run: RunOptions,
  plan: ReturnType<typeof planFor>,
  { signal, abort }: ReturnType<typeof linkSignals>,
): Promise<RunOutcome> {
  const [first] = hosts;
  if (first === undefined) throw usageError('there is no machine to run on; add one');
  const reaches = await Promise.all(hosts.map((host) => host.reach()));
  const usual = await first.reach();
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => {
    faults.push(error);
    abort(error);
  };
  const input = await openInput(options.stdin, onFault);
  const onEvent = options.onEvent ?? defaults.onEvent;
  const told: Sink[] =
    onEvent === undefined ? [] : [{ event: (event: RunEvent) => onEvent(event as CommandEvent) }];
  try {
    const outcome = await runPlan({
      plan,
      ...usual,
      reachOf: (target: Target) => reaches[target.index] ?? usual,
      options: run,
      sinks: [...sinks, ...told],
      stdin: input.reader,
      signal,
      onSinkError: onFault,
    });
    if (faults.length > 0) throw faults[0];
    // What the runner gives is what CommandResult says of each status; a test looks at every ending.
    return outcome as RunOutcome;
  } finally {
    await input.close();
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
  const targets = hosts.map(({ target }, index) => ({ ...target, index }));
  const env = { ...defaults.env, ...options.env };
  return planCommands(targets, commands, { env, raw: false, ...(cwd === undefined ? {} : { cwd }) });
}
