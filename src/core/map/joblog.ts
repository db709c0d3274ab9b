import { targetName } from '../target.js';
import type { TaskResult } from './task.js';

/** GNU parallel's columns, and behind them what tells a task whatever its place in a list, and how it ended. */
export const JOBLOG_HEADER =
  'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\tKey\tStatus\n';

const COLUMNS = JOBLOG_HEADER.split('\t').length;

// The numbers of Linux, as GNU parallel writes them there.
const SIGNALS = [
  ...['HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2'],
  ...['PIPE', 'ALRM', 'TERM'],
];

/** What a result leaves in the log; null: nothing, as it was not begun or was given up. */
export function joblogLine(result: TaskResult): string | null {
  const { task, target, status, exitCode, signal, command } = result;
  if (target === null || status === 'skipped' || status === 'canceled') return null;
  const startedAt = result.startedAt === null ? 0 : result.startedAt.getTime();
  const signalNumber = signal === null ? 0 : SIGNALS.indexOf(signal) + 1;
  return `${[
    String(task.seq),
    inField(targetName(target)),
    (startedAt / 1000).toFixed(3),
    (result.durationMs / 1000).toFixed(3).padStart(10),
    String(result.sent),
    String(result.received),
    String(exitCode ?? (status === 'signaled' && signalNumber > 0 ? 0 : -1)),
    String(signalNumber),
    inField(command),
    task.key,
    status,
  ].join('\t')}\n`;
}

// A field holds neither a tab nor the end of a line.
const inField = (text: string): string =>
  text.replace(/[\t\n\r]/g, (found) => (found === '\t' ? '\\t' : found === '\n' ? '\\n' : '\\r'));

/** How a task of an earlier run ended. */
export type Known = 'ok' | 'failed';

const ENDED: ReadonlySet<string> = new Set(['failed', 'signaled', 'timed-out']);

/**
 * One line of a log, without its end. Null: it tells of no task's end. That is the header, a line that was torn by a crash or
 * a full disk, and a task of which it is not known how it ended.
 */
export function readJoblogLine(line: string): { readonly key: string; readonly known: Known } | null {
  const fields = line.split('\t');
  const [key = '', status = ''] = fields.slice(-2);
  if (fields.length !== COLUMNS || !/^[0-9a-f]{16}$/.test(key)) return null;
  if (status === 'ok') return { key, known: 'ok' };
  return ENDED.has(status) ? { key, known: 'failed' } : null;
}

/** The tasks that earlier runs have done, by what they are. A list may hold the same task several times. */
export class KnownTasks {
  private readonly ok = new Map<string, number>();
  private readonly failed = new Map<string, number>();

  add({ key, known }: { readonly key: string; readonly known: Known }): void {
    if (known === 'failed') {
      this.failed.set(key, (this.failed.get(key) ?? 0) + 1);
      return;
    }
    this.ok.set(key, (this.ok.get(key) ?? 0) + 1);
    // It is what a failed one was run again for.
    take(this.failed, key);
  }

  /** Whether a task of this key needs no run; it is counted off. */
  take(key: string, failedToo: boolean): boolean {
    return take(this.ok, key) || (failedToo && take(this.failed, key));
  }
}

function take(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key);
  if (count === undefined) return false;
  if (count === 1) counts.delete(key);
  else counts.set(key, count - 1);
  return true;
}
