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
    rolling: rollingOf(options),
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
