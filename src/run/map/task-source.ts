import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { usageError } from '../../core/errors.js';
import type { KnownTasks } from '../../core/map/joblog.js';
import type { Task } from '../../core/map/task.js';
import { isInShard, type Shard } from '../../core/shard.js';

/** Where one value of each task comes from. */
export type ValueSource =
  | { readonly kind: 'list'; readonly values: readonly string[] }
  | {
      readonly kind: 'lines';
      /** For errors. */
      readonly name: string;
      readonly open: () => Readable;
      /** What ends a value. */
      readonly end: '\n' | '\0';
    };

const LONGEST_VALUE = 1024 * 1024;
const BATCH = 1000;

/** A task whose key is made when somebody asks for it: not every run needs it. */
class LazyTask implements Task {
  private made: string | null = null;

  constructor(
    readonly seq: number,
    readonly values: readonly string[],
    private readonly command: string,
  ) {}

  get key(): string {
    this.made ??= createHash('sha256')
      .update(JSON.stringify([this.command, ...this.values]))
      .digest('hex')
      .slice(0, 16);
    return this.made;
  }
}

export interface TaskSourceOptions {
  readonly command: string;
  readonly sources: readonly ValueSource[];
  /** What earlier runs have done. */
  readonly known?: { readonly tasks: KnownTasks; readonly failedToo: boolean };
  readonly onKnown?: () => void;
  /** Of the tasks only those of this share, by what they are. */
  readonly shard?: Shard | null;
}

/**
 * The tasks, a batch at a time, made when they are asked for: the values of each source with those of every other, the
 * last changing first. Only the first source is read as it goes; the others are held.
 * @throws PsshError ERR_USAGE for input that can't be read, with its place
 */
export async function* taskBatches({
  command,
  sources,
  known,
  onKnown,
  shard = null,
}: TaskSourceOptions): AsyncGenerator<readonly Task[]> {
  const [first, ...others] = sources;
  if (first === undefined) return;
  const held: (readonly string[])[] = [];
  for (const source of others) held.push(await allValues(source));
  let seq = 0;
  let batch: Task[] = [];
  for await (const values of valuesOf(first)) {
    for (const value of values) {
      for (const rest of product(held)) {
        seq += 1;
        const task = new LazyTask(seq, [value, ...rest], command);
        if (shard !== null && !isInShard(task.key, shard)) continue;
        if (known?.tasks.take(task.key, known.failedToo) === true) onKnown?.();
        else batch.push(task);
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
    }
    if (batch.length === 0) continue;
    yield batch;
    batch = [];
  }
}

const NOTHING: readonly (readonly string[])[] = [[]];

function product(lists: readonly (readonly string[])[]): Iterable<readonly string[]> {
  return lists.length === 0 ? NOTHING : combined(lists);
}

function* combined(lists: readonly (readonly string[])[]): Generator<readonly string[]> {
  const [first = [], ...others] = lists;
  for (const value of first) for (const rest of product(others)) yield [value, ...rest];
}

async function allValues(source: ValueSource): Promise<readonly string[]> {
  if (source.kind === 'list') return source.values;
  const all: string[] = [];
  for await (const values of valuesOf(source)) for (const value of values) all.push(value);
  return all;
}

async function* valuesOf(source: ValueSource): AsyncGenerator<readonly string[]> {
  if (source.kind === 'list') {
    yield source.values;
    return;
  }
  const { name, end } = source;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  const stream = source.open();
  let held = '';
  let count = 0;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw usageError(`${name}: behind value ${count} are bytes that are no UTF-8; recode the input`, cause);
    }
  };
  const cut = (text: string): string => (end === '\n' && text.endsWith('\r') ? text.slice(0, -1) : text);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      held += decode(chunk);
      const values = held.split(end);
      held = values.pop() ?? '';
      count += values.length;
      if (held.length > LONGEST_VALUE)
        throw usageError(
          `${name}: value ${count + 1} is longer than a command can be; is it a list of values?`,
        );
      if (values.length > 0) yield values.map(cut);
    }
    held += decode();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_USAGE') throw error;
    throw usageError(`${name} can't be read: ${message}`, error);
  } finally {
    stream.destroy();
  }
  if (held !== '') yield [cut(held)];
}
