import { parseDuration } from '../core/duration.js';
import { usageError } from '../core/errors.js';
import { type Pty, RUN_DEFAULTS, type RunOptions } from '../core/options.js';
import { show } from '../core/show.js';
import type { ExecOptions } from './commands/exec.js';
import { timeLimit, wholeNumber } from './connection-options.js';
import type { Io } from './io.js';
import { rollingOf } from './rolling-options.js';
import { parseSize, type ViewName } from './view-options.js';

/** How a run goes. @throws PsshError ERR_USAGE */
export function resolveRun(options: ExecOptions, view: ViewName, io: Io): RunOptions {
  return Object.freeze({
    ...resolveLimits(options),
    capture: view === 'json',
    keepCommands: options.keepCommands === true,
    pty: options.tty === true ? terminalLike(io, options.raw === true) : null,
    rolling: rollingOf(options),
  });
}

type LimitOptions = Pick<
  ExecOptions,
  'fanout' | 'timeout' | 'deadline' | 'killGrace' | 'onDisconnect' | 'drain' | 'maxOutput'
>;
type LimitNames =
  | 'fanout'
  | 'timeoutMs'
  | 'deadlineMs'
  | 'killGraceMs'
  | 'onDisconnect'
  | 'drainMs'
  | 'maxOutput';

/** How many at once, for how long, and how much of them is kept: of commands and of tasks. @throws PsshError ERR_USAGE */
export function resolveLimits(options: LimitOptions): Pick<RunOptions, LimitNames> {
  const { fanout, timeout, deadline, killGrace, onDisconnect, drain, maxOutput } = options;
  return {
    fanout: wholeNumber(fanout, '--fanout', 1, 10_000) ?? RUN_DEFAULTS.fanout,
    timeoutMs: timeLimit(timeout, '--timeout'),
    deadlineMs: timeLimit(deadline, '--deadline'),
    killGraceMs:
      killGrace === undefined ? RUN_DEFAULTS.killGraceMs : parseDuration(killGrace, '--kill-grace'),
    onDisconnect: checkedOnDisconnect(onDisconnect),
    drainMs: drain === undefined ? RUN_DEFAULTS.drainMs : parseDuration(drain, '--drain'),
    maxOutput: maxOutput === undefined ? RUN_DEFAULTS.maxOutput : parseSize(maxOutput, '--max-output'),
  };
}

/** As large as our own terminal, where we have one. */
function terminalLike({ stdout, env }: Io, bare: boolean): Pty {
  const { columns = 80, rows = 24 } = stdout;
  return { term: env.TERM || 'dumb', columns, rows, bare };
}

function checkedOnDisconnect(text: string | undefined): RunOptions['onDisconnect'] {
  if (text === undefined) return RUN_DEFAULTS.onDisconnect;
  if (text === 'kill' || text === 'leave') return text;
  throw usageError(`--on-disconnect: ${show(text)} is neither kill nor leave; write one of them`);
}
