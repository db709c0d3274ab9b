import { frameCommand } from '../../core/command.js';
import { PsshError } from '../../core/errors.js';
import type { TransferredFile } from '../../core/files.js';
import type { MapEvent, TaskResult } from '../../core/map/task.js';
import type { BlockStore } from '../../core/output.js';
import type { Target } from '../../core/target.js';
import type { Master } from '../../master/pool.js';
import { nowMs } from '../../ssh/now.js';
import type { Channel, Connection } from '../../transport/transport.js';
import { describe, type Ending, isGiven } from '../ending.js';
import type { EventBus } from '../event-bus.js';
import type { SharedGuard } from '../leash/shared-guard.js';
import { endedBy } from '../run-signal.js';
import { asPsshError, unheard, waitForEnd } from '../run-step.js';
import type { MapOptions } from './options.js';
import type { TaskFiles } from './task-files.js';
import { TaskOutputs } from './task-outputs.js';
import type { Work } from './task-queue.js';
import { timeLimit } from './time-limit.js';

// What was on its way when a command was given up still counts.
const IN_FLIGHT_MS = 250;

export interface TaskContext {
  readonly target: Target;
  readonly slot: number;
  readonly connection: Connection;
  readonly master: Master;
  readonly guard: SharedGuard;
  readonly silenceMs: number;
  readonly options: MapOptions;
  readonly bus: EventBus<MapEvent>;
  readonly store: BlockStore;
  /** Variables of every task on this host. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The task's command, as the user's words and values have it. @throws PsshError ERR_USAGE */
  readonly commandOf: (work: Work, slot: number) => string;
  /** What moves its files and makes its folder; null: it has none. */
  readonly files: TaskFiles | null;
}

/** One try of a task. */
export interface Tried {
  readonly result: TaskResult;
  /** Nothing was begun: another try costs nothing. */
  readonly unsent: boolean;
  /** The fault is the task's own, on whichever host: it is not tried again. */
  readonly hopeless: boolean;
}

type Moved = Pick<TaskResult, 'sent' | 'received' | 'files'>;

interface Ended {
  readonly ending: Ending;
  readonly killed: TaskResult['killed'];
}

const NOT_MOVED: Moved = { sent: 0, received: 0 };

/** Tries a task on one host over a connection that stands. Never throws: every ending is a result. */
export async function runTask(work: Work, context: TaskContext): Promise<Tried> {
  const { target, slot, options, bus, signal } = context;
  const startedAt = new Date();
  const started = nowMs();
  const outputs = new TaskOutputs(work, context);
  let command = '';
  let moved: Moved = NOT_MOVED;
  // Spelt out: spreading costs more than all the rest of a task here.
  const tried = ({ ending, killed }: Ended, unsent = false, hopeless = false): Tried => {
    const { status, exitCode, signal: by, error, timedOutBy } = describe(ending);
    const { stdout, stderr, truncated } = outputs.end();
    const durationMs = Math.round(nowMs() - started);
    const result: TaskResult = {
      task: work.task,
      order: work.order,
      target,
      slot,
      command,
      status,
      exitCode,
      signal: by,
      killed,
      stdout,
      stderr,
      truncated,
      tries: work.tries,
      startedAt,
      durationMs,
      sent: moved.sent,
      received: moved.received,
      error,
    };
    const more = {
      ...(moved.files === undefined ? {} : { files: moved.files }),
      ...(timedOutBy === undefined ? {} : { timedOutBy }),
    };
    const rare = moved.files !== undefined || timedOutBy !== undefined;
    return { result: rare ? { ...result, ...more } : result, unsent, hopeless };
  };
  const fault = (error: unknown, unsent = false, hopeless = false): Tried =>
    tried({ ending: { by: 'fault', error: asPsshError(error, target) }, killed: null }, unsent, hopeless);
  try {
    command = context.commandOf(work, slot);
  } catch (error) {
    return fault(ownFault(error), false, true);
  }
  work.tries += 1;
  const announced = bus.emit({ type: 'started', time: Date.now(), task: work.task, target, slot, command });
  if (announced !== undefined) await announced;
  if (context.files === null) {
    const ran = await runCommand(context, null, command, work, outputs, options.timeoutMs);
    return tried(ran, isUnsent(ran.ending));
  }
  const limit = timeLimit(signal, options.timeoutMs);
  try {
    const { cwd, sent, files: before } = await context.files.bring(work, slot, limit.signal);
    moved = { sent, received: 0, files: before };
    const ran = await runCommand(context, cwd, command, work, outputs, limit.left());
    const isOk = ran.ending.by === 'exit' && 'status' in ran.ending.exit && ran.ending.exit.status === 0;
    if (!isOk) return tried(ran, isUnsent(ran.ending));
    const fetched = await context.files.fetch(work, slot, limit.signal);
    moved = { sent, received: bytesOf(fetched), files: [...before, ...fetched] };
    return tried(ran);
  } catch (error) {
    if (limit.timedOut()) return tried({ ending: { by: 'timeout' }, killed: null });
    if (signal.aborted) return tried({ ending: { by: endedBy(signal) }, killed: null });
    if (error instanceof PsshError && error.code === 'ERR_USAGE') return fault(ownFault(error), false, true);
    const shown = asPsshError(error, target);
    return fault(shown, shown.code === 'ERR_CHANNEL_OPEN');
  } finally {
    limit.dispose();
    context.files.leave(work);
  }
}

export const bytesOf = (files: readonly TransferredFile[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0);

// The values are what can't be sent: the same everywhere.
function ownFault(error: unknown): unknown {
  if (!(error instanceof PsshError)) return error;
  return new PsshError('ERR_TRANSFER', error.message, { cause: error });
}

const isUnsent = (ending: Ending): boolean =>
  ending.by === 'fault' && ending.error.code === 'ERR_CHANNEL_OPEN';

async function runCommand(
  context: TaskContext,
  cwd: string | null,
  command: string,
  work: Work,
  outputs: TaskOutputs,
  timeoutMs: number | null,
): Promise<Ended> {
  const { target, connection, guard, signal, options } = context;
  const mark = guard.begin();
  let channel: Channel;
  try {
    const env = {
      ...context.env,
      PSSH_SEQ: String(work.task.seq),
      PSSH_SLOT: String(context.slot),
      PSSH_MARK: mark,
    };
    const text = frameCommand(command, cwd === null ? { env } : { env, cwd });
    channel = await connection.open(text, { stdin: 'none', signal });
  } catch (error) {
    guard.end(mark);
    const fault = asPsshError(error, target);
    if (fault.code === 'ERR_USAGE')
      return { ending: { by: 'fault', error: ownFault(fault) as PsshError }, killed: null };
    // Given up while it waited for a session: nothing was sent, so nothing runs.
    const given = signal.aborted && fault.code === 'ERR_CHANNEL_OPEN';
    return { ending: given ? { by: endedBy(signal) } : { by: 'fault', error: fault }, killed: null };
  }
  const read = outputs.read(channel);
  const ending = await waitForEnd(channel, { options: { timeoutMs }, signal });
  const given = isGiven(ending);
  const killed = given ? await guard.kill(mark, channel) : null;
  guard.end(mark);
  if (given) channel.close();
  if (!(await outputs.isRead(given ? IN_FLIGHT_MS : options.drainMs))) {
    channel.stdout.destroy();
    channel.stderr.destroy();
    channel.close();
    await read;
  }
  const fault = channel.cut ?? (guard.lost ? unheard(context) : null);
  return { ending: ending.by === 'exit' && fault !== null ? { by: 'fault', error: fault } : ending, killed };
}
