import { usageError } from './errors.js';
import { show } from './show.js';

/** A number of hosts, or a part of all of them. */
export type HostCount = { readonly count: number } | { readonly percent: number };

/** When a run goes no further. */
export interface Rolling {
  /** The sizes of the batches; the last one counts for all that follow. Null: all hosts are one batch. */
  readonly serial: readonly HostCount[] | null;
  /** More failed hosts than this: no further host starts. Null: however many. */
  readonly maxFail: HostCount | null;
  /** Then the running ones are cancelled too. */
  readonly failFast: boolean;
  /** Between a batch and the next. */
  readonly batchPauseMs: number;
}

export const NO_ROLLING: Rolling = { serial: null, maxFail: null, failFast: false, batchPauseMs: 0 };

/** As somebody wrote it. */
export interface RollingWords {
  readonly serial?: string;
  readonly maxFail?: string;
  readonly failFast?: boolean;
  readonly keepGoing?: boolean;
  readonly batchPauseMs: number;
}

/** How messages name the words. */
export type RollingNames = Readonly<Record<'serial' | 'maxFail' | 'failFast' | 'keepGoing', string>>;

const OPTION_NAMES: RollingNames = {
  serial: '--serial',
  maxFail: '--max-fail',
  failFast: '--fail-fast',
  keepGoing: '--keep-going',
};

/** @throws PsshError ERR_USAGE for words that are none, or contradict each other */
export function resolveRolling(words: RollingWords, names = OPTION_NAMES): Rolling {
  const { serial, maxFail, failFast = false, keepGoing = false, batchPauseMs } = words;
  const other = failFast ? names.failFast : names.maxFail;
  if (keepGoing && (failFast || maxFail !== undefined))
    throw usageError(`${names.keepGoing} and ${other} contradict each other; leave one out`);
  const limit = maxFail === undefined ? null : parseHostCount(maxFail, names.maxFail);
  return {
    serial: serial === undefined ? null : parseSerial(serial, names.serial),
    // More than all never fail.
    maxFail: keepGoing ? { percent: 100 } : limit,
    failFast,
    batchPauseMs,
  };
}

const EXAMPLE = 'write a number or a part, as in 5 or 10%';

/** `5`, `10%`. @throws PsshError ERR_USAGE */
function parseHostCount(text: string, what: string): HostCount {
  const [, number, percent] = /^\s*(\d{1,9})\s*(%?)\s*$/.exec(text) ?? [];
  if (number === undefined) throw usageError(`${what}: ${show(text)} is no number of hosts; ${EXAMPLE}`);
  if (percent === '') return { count: Number(number) };
  if (Number(number) > 100) throw usageError(`${what}: ${show(text)} is more than all; ${EXAMPLE}`);
  return { percent: Number(number) };
}

/** `1,10%,100%`. @throws PsshError ERR_USAGE */
export function parseSerial(text: string, what = OPTION_NAMES.serial): readonly HostCount[] {
  return text.split(',').map((word) => {
    const size = parseHostCount(word, what);
    if (('count' in size ? size.count : size.percent) > 0) return size;
    throw usageError(`${what}: a batch of ${show(word.trim())} is none; ${EXAMPLE}`);
  });
}

/** A list cut into batches. A part is of all of it, rounded down, one at least. */
export function batchesOf<T>(items: readonly T[], serial: Rolling['serial']): readonly (readonly T[])[] {
  if (serial === null || serial.length === 0) return items.length === 0 ? [] : [items];
  const batches: T[][] = [];
  for (let start = 0; start < items.length; ) {
    const size = sizeOf(serial[Math.min(batches.length, serial.length - 1)], items.length);
    batches.push(items.slice(start, start + size));
    start += size;
  }
  return batches;
}

function sizeOf(size: HostCount | undefined, total: number): number {
  if (size === undefined) return total;
  return Math.max(1, 'count' in size ? size.count : Math.floor((total * size.percent) / 100));
}

/** Whether so many failed hosts of all are too many. */
export function isTooMany(failed: number, total: number, { maxFail, failFast, serial }: Rolling): boolean {
  const limit = maxFail ?? (failFast || serial !== null ? { count: 0 } : null);
  if (limit === null) return false;
  return 'count' in limit ? failed > limit.count : failed * 100 > limit.percent * total;
}
