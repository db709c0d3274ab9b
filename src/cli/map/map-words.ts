import { createReadStream, openSync } from 'node:fs';
import { usageError } from '../../core/errors.js';
import { show } from '../../core/show.js';
import type { ValueSource } from '../../run/map/task-source.js';
import { systemReason } from '../../sinks/file-fault.js';
import type { Io } from '../io.js';

/** What the words of `map` say. */
export interface MapWords {
  readonly command: string;
  readonly sources: readonly ValueSource[];
  /** One of them is our input. */
  readonly readsInput: boolean;
}

/**
 * `CMD ::: A B :::: FILE`: the command and where its values come from; without either, from our input.
 * @throws PsshError ERR_USAGE
 */
export function readMapWords(words: readonly string[], io: Pick<Io, 'stdin'>, end: '\n' | '\0'): MapWords {
  const linked = words.find((word) => /^:{3,4}\+$/.test(word));
  if (linked !== undefined)
    throw usageError(
      `${linked}: sources that are linked are not known here; write the pairs as lines of one source`,
    );
  const first = words.findIndex(isSeparator);
  const command = (first === -1 ? words : words.slice(0, first)).join(' ');
  const sources: ValueSource[] = [];
  let readsInput = false;
  const input = (): ValueSource => {
    if (readsInput) throw usageError('our input can be one source of values, not two; name a file');
    readsInput = true;
    return { kind: 'lines', name: 'stdin', open: () => io.stdin, end };
  };
  for (const { kind, values } of first === -1 ? [] : groupsOf(words.slice(first))) {
    if (kind === ':::') sources.push({ kind: 'list', values });
    else if (values.length === 0) throw usageError(':::: names no file; write one behind it, - is our input');
    else for (const name of values) sources.push(name === '-' ? input() : fileSource(name, end));
  }
  if (sources.length === 0) sources.push(input());
  return { command, sources, readsInput };
}

const isSeparator = (word: string): boolean => word === ':::' || word === '::::';

function groupsOf(words: readonly string[]): { readonly kind: string; readonly values: string[] }[] {
  const groups: { readonly kind: string; readonly values: string[] }[] = [];
  for (const word of words) {
    if (isSeparator(word)) groups.push({ kind: word, values: [] });
    else groups.at(-1)?.values.push(word);
  }
  return groups;
}

function fileSource(name: string, end: '\n' | '\0'): ValueSource {
  try {
    // Now: what can't be read is told before anything is run.
    const fd = openSync(name, 'r');
    return { kind: 'lines', name, open: () => createReadStream(name, { fd }), end };
  } catch (error) {
    throw usageError(
      `:::: ${show(name)} can't be read: ${systemReason(error)}; name a file of values`,
      error,
    );
  }
}
